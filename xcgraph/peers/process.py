"""Runs a peer in a process of its own: files in, files out."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from xcgraph.data import LFDataset

from .environment import PeerEnvironment, clean_environ
from .error import PeerError
from .peer import Peer
from .peer_result import PeerResult

logger = logging.getLogger(__name__)

QUERIES = 300
"""Test documents that are asked for one by one."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


def run_peer(
    peer: Peer,
    data: LFDataset,
    *,
    k: int = 100,
    seed: int = 0,
    threads: int = 1,
    environment: PeerEnvironment | None = None,
) -> PeerResult:
    """Trains a peer on the training documents of a data set, and predicts its test documents.

    Args:
        peer: one of :data:`PEERS`.
        data: its features and labels are what every peer gets.
        k: labels a test document; no more than there are.
        seed: of the peer, where its library takes one, and of the choice of single queries.
        threads: for training and prediction in batches; single queries get one.
        environment: where the libraries are; made if it is not there.

    Raises:
        PeerError: if the libraries cannot be installed, or the runner fails; with its last line of stderr.
    """
    from scipy.sparse import save_npz

    python = str((environment or PeerEnvironment()).prepare()) if peer.library else sys.executable
    task = {
        "settings": dict(peer.settings),
        "seed": seed,
        "threads": threads,
        "k": min(k, data.num_labels),
        "queries": QUERIES,
    }
    with TemporaryDirectory(prefix="xcgraph-peer-") as temporary:
        folder = Path(temporary)
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        for name in ("train_x", "train_y", "test_x", "label_x"):
            save_npz(folder / f"{name}.npz", getattr(data, name), compressed=False)
        variables = {**clean_environ(), **dict.fromkeys(_THREAD_VARIABLES, str(threads))}
        # Not -I: the runner imports what lies beside it.
        command = [python, "-s", str(peer.path), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=variables)
        logger.debug("%s: %s", peer.name, done.stderr)
        if done.returncode:
            raise PeerError(f"{peer.name}: {_reason(done)}")
        try:
            with np.load(folder / "predictions.npz") as arrays:
                index, score = arrays["index"].astype(np.int64), arrays["score"]
            measured = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        except (OSError, KeyError, ValueError) as error:
            raise PeerError(f"{peer.name}: its runner ended without a result ({error})") from error
    if index.shape != score.shape or index.shape != (data.test_x.shape[0], task["k"]):
        raise PeerError(
            f"{peer.name}: expected predictions of shape {(data.test_x.shape[0], task['k'])}, "
            f"got {index.shape} and scores {score.shape}"
        )
    return PeerResult(index, score, measured)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        hint = "; was there enough memory?" if done.returncode == -9 else ""
        return f"its runner was ended by signal {-done.returncode}{hint}"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"its runner ended with exit code {done.returncode}"
