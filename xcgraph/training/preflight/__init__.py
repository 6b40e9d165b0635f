"""What a run will take, said before it starts."""

from .machine import Machine
from .problem_size import ProblemSize
from .rates import Rates
from .run_plan import RunPlan
from .verdict import Verdict

__all__ = ["Machine", "ProblemSize", "Rates", "RunPlan", "Verdict"]
