import subprocess
import sys


def test_import_is_light():
    script = (
        "import sys, xcgraph.data\n"
        "heavy = {'sklearn', 'scipy.sparse', 'numba', 'pynndescent', 'tokenizers', 'torch_geometric'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert out.stdout.strip() == "[]"
