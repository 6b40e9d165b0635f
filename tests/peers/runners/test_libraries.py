"""The real libraries, in their real environment."""

from __future__ import annotations

import json

import pytest

from xcgraph.peers import PEERS, PeerEnvironment, PeerError, measure_peer

LIBRARIES = [name for name, peer in PEERS.items() if peer.library]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment():
    """The environment that ``compare`` uses too; made if it is not there."""
    environment = PeerEnvironment()
    try:
        environment.prepare()
    except PeerError as error:
        pytest.skip(f"the peers' environment cannot be made here: {error}")
    return environment


@pytest.mark.parametrize("name", LIBRARIES)
def test_library(environment, data, tmp_path, name):
    metrics, _ = measure_peer(PEERS[name], data, tmp_path, seed=1, environment=environment)
    assert metrics["P@1"] > 50  # words tell labels apart
    assert metrics["train_seconds"]["total"] > 0 and metrics["predict_ms_batch"] > 0
    assert 20 < metrics["peak_rss_mb"] < 400 and metrics["model_bytes"] > 1000
    assert 0 < metrics["query_ms"]["p50"] <= metrics["query_ms"]["p99"]
    pinned = {"omikuji": "0.5.2", "libpecos": "1.2.8", "napkinxc": "0.7.2", "scipy": "1.13.1"}
    assert set(metrics["versions"].items()) & set(pinned.items()) > {("scipy", "1.13.1")}
    # In full: more than what was asked for.
    assert len(json.dumps(metrics["settings"])) > len(json.dumps(dict(PEERS[name].settings)))


def test_errors_of_a_library_pass_on(environment, data, tmp_path):
    from dataclasses import replace

    wrong = replace(PEERS["parabel"], settings={"n_forests": 3})
    with pytest.raises(PeerError, match=r"^parabel: AttributeError: .*n_forests"):
        measure_peer(wrong, data, tmp_path, environment=environment)
