"""Other methods, run on the same features and scored by the same metrics, to compare with."""

from .comparison import Comparison
from .environment import PeerEnvironment
from .error import PeerError
from .measure import check_run_data, measure_model, measure_peer, read_metrics, read_run
from .peer import Peer
from .peer_result import PeerResult
from .process import run_peer
from .registry import DEFAULT_PEERS, PEERS, find_peers
from .row import COLUMNS, METRICS, Row

__all__ = [
    "COLUMNS",
    "DEFAULT_PEERS",
    "METRICS",
    "PEERS",
    "Comparison",
    "Peer",
    "PeerEnvironment",
    "PeerError",
    "PeerResult",
    "Row",
    "check_run_data",
    "find_peers",
    "measure_model",
    "measure_peer",
    "read_metrics",
    "read_run",
    "run_peer",
]
