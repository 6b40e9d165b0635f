from __future__ import annotations

import json

import pytest

from xcgraph.peers import DEFAULT_PEERS, PEERS, find_peers


def test_peers():
    libraries = {"parabel", "bonsai", "xr-linear", "xr-linear-lf", "plt", "mix"}
    assert set(PEERS) == libraries | {"knn", "centroid", "text"}
    assert set(DEFAULT_PEERS) <= set(PEERS)
    for name, peer in PEERS.items():
        assert peer.name == name and peer.description and peer.path.is_file()
        json.dumps(peer.settings)


def test_find():
    assert [peer.name for peer in find_peers(["knn", "plt", "knn"])] == ["knn", "plt"]
    assert find_peers([]) == []
    with pytest.raises(
        ValueError, match="no peer is called 'parable'; did you mean 'parabel'\\? known: parabel, bon"
    ):
        find_peers(["parable"])
