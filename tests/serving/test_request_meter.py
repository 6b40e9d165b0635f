from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from xcgraph.serving import RequestMeter


def read(meter):
    """Samples by ``(name, label values)``."""
    families = text_string_to_metric_families(meter.text().decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


@pytest.fixture
def live():
    loaded = datetime(2030, 1, 1, tzinfo=timezone.utc)
    return SimpleNamespace(error=None, current=SimpleNamespace(version="one", num_labels=6, loaded_at=loaded))


def test_requests_by_endpoint_and_status(live):
    async def good(request):
        return PlainTextResponse(str(read(meter)["xcgraph_requests_in_flight",]))

    async def bad(request):
        raise RuntimeError

    meter = RequestMeter(live)
    app = Starlette(routes=[Route("/good/{name}", good), Route("/bad", bad)])
    client = TestClient(meter.around(app), raise_server_exceptions=False)
    assert client.get("/good/a").text == "1.0"
    for path in ("/good/b", "/bad", "/made-up/1", "/made-up/2"):
        client.get(path)
    found = read(meter)
    assert found["xcgraph_requests_total", "/good/{name}", "200"] == 2
    assert found["xcgraph_requests_total", "/bad", "500"] == 1
    assert found["xcgraph_requests_total", "other", "404"] == 2
    assert found["xcgraph_request_seconds_count", "/good/{name}"] == 2
    assert found["xcgraph_requests_in_flight",] == 0
    assert not [name for name in found if "made-up" in str(name)]


def test_the_model(live):
    meter = RequestMeter(live)
    meter.texts.inc(3)
    found = read(meter)
    assert found["xcgraph_model_info", "one"] == 1 and found["xcgraph_model_labels",] == 6
    assert found["xcgraph_texts_total",] == 3 and found["xcgraph_model_last_reload_successful",] == 1
    assert found["xcgraph_model_loaded_timestamp_seconds",] == live.current.loaded_at.timestamp()
    live.current.version, live.error = "two", "broken"
    found = read(meter)
    assert found["xcgraph_model_info", "two"] == 1 and ("xcgraph_model_info", "one") not in found
    assert found["xcgraph_model_last_reload_successful",] == 0
