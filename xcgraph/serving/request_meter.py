"""Counts requests, for Prometheus."""

from __future__ import annotations

import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .live_model import LiveModel

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class RequestMeter:
    """Counters of one server, and the middleware that feeds them.

    Args:
        live: whose version is told.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, live: LiveModel) -> None:
        self._live = live
        self._registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self._registry, "namespace": "xcgraph"}
        self.requests = Counter("requests", "Requests that were answered.", ["endpoint", "status"], **own)
        self.seconds = Histogram(
            "request_seconds", "From head of request to end of answer.", ["endpoint"], buckets=_SECONDS, **own
        )
        self.in_flight = Gauge("requests_in_flight", "Requests that are being answered.", **own)
        self.texts = Counter("texts", "Texts that were tagged.", **own)
        self._model = Gauge("model_info", "Always 1; the version is that of the model.", ["version"], **own)
        self._labels = Gauge("model_labels", "Labels of the model.", **own)
        self._loaded = Gauge("model_loaded_timestamp_seconds", "When the model was loaded.", **own)
        self._reloaded = Gauge("model_last_reload_successful", "0 if the last reload failed, else 1.", **own)

    def text(self) -> bytes:
        """All numbers in Prometheus' text format."""
        model = self._live.current
        self._model.clear()
        self._model.labels(model.version).set(1)
        self._labels.set(model.num_labels)
        self._loaded.set(model.loaded_at.timestamp())
        self._reloaded.set(self._live.error is None)
        return generate_latest(self._registry)

    def around(self, app: ASGIApp) -> ASGIApp:
        """An application that is measured."""

        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            start, status = time.perf_counter(), 500

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            with self.in_flight.track_inprogress():
                try:
                    await app(scope, receive, noting)
                finally:
                    # Not the path as it was typed: anybody could make up names without end.
                    endpoint = getattr(scope.get("route"), "path", "other")
                    self.requests.labels(endpoint, status).inc()
                    self.seconds.labels(endpoint).observe(time.perf_counter() - start)

        return measured
