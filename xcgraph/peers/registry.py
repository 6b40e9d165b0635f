"""The peers by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from .peer import Peer

_PARABEL = {"n_trees": 3, "cluster_balanced": True, "cluster_k": 2, "max_depth": 20}
_ALL = (
    Peer("parabel", "3 trees by balanced 2-means (omikuji)", "run_omikuji.py", _PARABEL),
    Peer(
        "bonsai",
        "3 shallow trees by 100-means (omikuji)",
        "run_omikuji.py",
        {"n_trees": 3, "cluster_balanced": False, "cluster_k": 100, "max_depth": 3},
    ),
    Peer(
        "xr-linear",
        "a tree by hierarchical k-means of the labels' documents (PECOS)",
        "run_pecos.py",
        {"label_embedding": "pifa"},
    ),
    Peer(
        "xr-linear-lf",
        "the same, with label text joined to what is clustered (PECOS)",
        "run_pecos.py",
        {"label_embedding": "pifa_lf_concat"},
    ),
    Peer("plt", "probabilistic label tree (napkinXC)", "run_napkinxc.py"),
    Peer(
        "knn",
        "labels of the 50 nearest training documents, by cosine",
        "run_lexical.py",
        {"method": "knn", "neighbours": 50},
        library=False,
    ),
    Peer(
        "centroid",
        "cosine with the mean of a label's training documents",
        "run_lexical.py",
        {"method": "centroid"},
        library=False,
    ),
    Peer("text", "cosine with a label's text", "run_lexical.py", {"method": "text"}, library=False),
    Peer(
        "mix",
        "parabel + 0.5 (centroid + text)",
        "run_mix.py",
        {"weight": 0.5, "parabel": _PARABEL},
    ),
)

PEERS: dict[str, Peer] = {peer.name: peer for peer in _ALL}
"""All peers; features are those of the data set, the same for every one."""

DEFAULT_PEERS = ("parabel", "bonsai", "xr-linear", "plt", "knn", "centroid")
"""What is run where nobody says."""


def find_peers(names: Sequence[str]) -> list[Peer]:
    """The peers of names, each once, in that order.

    Raises:
        ValueError: if there is no peer of a name.
    """
    for name in names:
        if name not in PEERS:
            close = difflib.get_close_matches(name, PEERS, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ValueError(f"no peer is called {name!r}; {hint}known: {', '.join(PEERS)}; or 'none'")
    return [PEERS[name] for name in dict.fromkeys(names)]
