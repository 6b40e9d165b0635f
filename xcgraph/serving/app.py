"""The HTTP interface of a model."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

import xcgraph

from .guard import Guard
from .limits import Limits
from .live_model import LiveModel
from .predict_request import PredictRequest
from .request_meter import RequestMeter
from .workers import Workers

# A proxy that passes on requests of others makes them look like this machine's.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def create_app(
    live: LiveModel,
    limits: Limits | None = None,
    hosts: Collection[str] | None = None,
    threads: int = 2,
    local: bool = False,
) -> FastAPI:
    """An ASGI application that answers by a model.

    ``POST /predict``, ``POST /explain``, ``GET /labels``, ``GET /health``, ``GET /metrics``, and a page at ``/``.
    Errors are json, ``{"error": "..."}``.

    Args:
        live: the model.
        limits: of requests; by default, those of :class:`Limits`.
        hosts: names of this server that requests may use; ``None`` for any.
        threads: that predict.
        local: whether only this machine reaches the server; then there is ``POST /reload``.
    """
    limits = limits or Limits()
    workers = Workers(threads, limits.max_pending)
    meter = RequestMeter(live)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        workers.close()

    app = FastAPI(title="xcgraph", version=xcgraph.__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.add_middleware(Guard, hosts=hosts, max_body=limits.max_body)
    app.add_middleware(meter.around)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(Exception, _failed)

    async def in_thread(work: Any) -> Response:
        """What ``work`` returns, as json; made in the thread too, since long answers take time."""
        try:
            body = await workers.run(lambda: _json(work()))
        except BlockingIOError as error:
            raise HTTPException(503, str(error), {"Retry-After": "1"}) from error
        return Response(body, media_type="application/json")

    @app.post("/predict", summary="The best labels of a text, or of each of several.")
    async def predict(request: PredictRequest) -> Response:
        try:
            texts, k = request.checked(limits)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        model = live.current
        meter.texts.inc(len(texts))

        def work() -> dict[str, Any]:
            hits = model.predictor.predict(texts, k)
            answers = [
                {"labels": [{"uid": uid, "title": title, "score": score} for uid, title, score in row]}
                for row in hits
            ]
            return {"model": model.version, **({"answers": answers} if request.text is None else answers[0])}

        return await in_thread(work)

    @app.post("/explain", summary="Why the best labels of a text are found.")
    async def explain(request: PredictRequest) -> Response:
        model = live.current
        if model.unexplained is not None:
            raise HTTPException(404, model.unexplained)
        if request.text is None:
            raise HTTPException(422, "expected 'text' (a string): one text is explained at a time")
        try:
            (text,), k = request.checked(limits)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

        def work() -> dict[str, Any]:
            return {
                "model": model.version,
                "labels": [each.as_dict() for each in model.predictor.explain(text, k)],
            }

        return await in_thread(work)

    @app.get("/labels", summary="Labels whose uid or title contains a text.")
    async def labels(
        query: Annotated[str, Query(max_length=1000)] = "",
        offset: Annotated[int, Query(ge=0, le=1 << 53)] = 0,
        limit: Annotated[int | None, Query(ge=1)] = None,
    ) -> Response:
        size = min(20, limits.max_k) if limit is None else limit
        if size > limits.max_k:
            raise HTTPException(422, f"limit: expected at most {limits.max_k}, got {size}")
        model = live.current

        def work() -> dict[str, Any]:
            total, found = model.labels.find(query, offset, size)
            names = [{"uid": model.labels.uids[i], "title": model.labels.titles[i]} for i in found]
            return {"model": model.version, "total": total, "offset": offset, "labels": names}

        return await in_thread(work)

    @app.get("/health", summary="Which model serves, and the limits of requests.")
    async def health() -> Response:
        model = live.current
        return Response(
            _json(
                {
                    "status": "ok",
                    "model": model.version,
                    "labels": model.num_labels,
                    "explains": model.unexplained is None,
                    "loaded_at": model.loaded_at.isoformat(timespec="seconds"),
                    "reload_error": live.error,
                    "xcgraph": xcgraph.__version__,
                    "limits": vars(limits),
                }
            ),
            media_type="application/json",
        )

    @app.get("/metrics", summary="Counters in Prometheus' text format.")
    async def metrics() -> Response:
        return Response(meter.text(), media_type=meter.content_type)

    if local:

        @app.post("/reload", summary="Load the model folder anew.")
        async def reload(request: Request) -> Response:
            if any(name in request.headers for name in _FORWARDED):
                raise HTTPException(403, "a reload is not taken from a proxy; send SIGHUP to the server")
            try:
                model = await asyncio.to_thread(live.reload)
            except ValueError as error:
                raise HTTPException(500, str(error)) from error
            return JSONResponse({"model": model.version, "labels": model.num_labels})

    page, policy = _page()

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": policy})

    return app


def _page() -> tuple[bytes, str]:
    """The page, and the policy that lets a browser run what stands in it and nothing else."""
    text = files(__package__).joinpath("page.html").read_text(encoding="utf-8")

    def digest(tag: str) -> str:
        (inner,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        return "'sha256-" + base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode() + "'"

    policy = (
        f"default-src 'none'; script-src {digest('script')}; style-src {digest('style')}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text.encode(), policy


def _json(value: Any) -> bytes:
    """Of ASCII, since names of labels may hold what UTF-8 has no bytes for."""
    return json.dumps(value, allow_nan=False).encode("ascii")


async def _invalid(request: Request, error: Exception) -> Response:
    """The first mistake in a body or query, and nothing of what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place, *inner = first["loc"]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if place == "body" and kind != "application/json":
        reason = "expected a json body and the header 'Content-Type: application/json'"
    elif first["type"] == "json_invalid":
        reason = f"the body is not json: {first['ctx']['error']} at character {inner[0]}"
    else:
        where = "".join(f"[{part}]" if isinstance(part, int) else str(part) for part in inner) or place
        reason = f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}"
    return Response(_json({"error": reason}), 422, media_type="application/json")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    return Response(_json({"error": error.detail}), error.status_code, error.headers, "application/json")


async def _failed(_: Request, __: Exception) -> Response:
    return Response(_json({"error": "the server failed; its log says how"}), 500, media_type="application/json")
