"""Scripts that train and measure one library each, in a process and maybe an environment of its own.

They are started by file name, import one another by plain names, and need numpy and scipy besides their library:
nothing of xcgraph is there where they run.
"""
