"""What a runner leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class PeerResult:
    """Predictions of a peer for the test documents, and what was measured.

    Args:
        index: labels, best first, ``[N', k]``, -1 for none.
        score: ``[N', k]``, -inf for none.
        measured: ``settings``, ``versions``, ``train_seconds``, ``predict_ms_batch``, ``query_ms`` (``p50``,
            ``p95``, ``p99``), ``model_bytes``, ``peak_rss_mb``; null for what the library does not give.
    """

    index: np.ndarray
    score: np.ndarray
    measured: dict[str, Any]
