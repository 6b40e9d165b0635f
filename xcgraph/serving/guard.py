"""Refuses requests that should not reach the application."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Guard:
    """Middleware for a service that browsers can reach, on this machine too.

    Refused are a ``Host`` that is not this server's (status 421), by which a page of another site reads what is
    served here after its name was pointed at this address (DNS rebinding); an ``Origin`` that is not the host
    (403), by which such a page sends requests in its visitor's name; and a body that is too large (413), of which
    no more is read than is allowed.

    Args:
        app: gets all other requests, their bodies complete.
        hosts: names of this server, lower case, without port; ``None`` for any.
        max_body: bytes.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None, max_body: int) -> None:
        self.app = app
        self.hosts = hosts
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class; the protocol is ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if refusal is None:
            body = await self._body(headers, receive)
            if body is not None:
                await self.app(scope, _replayed(body, receive), protected)
                return
            refusal = 413, f"expected a body of at most {self.max_body} bytes"
        status, reason = refusal
        await JSONResponse({"error": reason}, status)(scope, receive, protected)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "").lower()
        if self.hosts is not None and _without_port(host) not in self.hosts:
            return 421, "this host name is not served here; the server's option --allowed-host adds one"
        origin = headers.get("origin")
        if origin is not None and origin.lower().partition("://")[2] != host:
            return 403, "requests of pages of other sites are not answered"
        return None

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """None if it is too large."""
        told = headers.get("content-length", "0")
        if told.isdecimal() and (len(told) > 15 or int(told) > self.max_body):
            return None
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.max_body:
                return None
        return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replay() -> Message:
        nonlocal message
        if message is None:
            return await receive()
        first, message = message, None
        return first

    return replay


def _without_port(host: str) -> str:
    """``[::1]:80`` -> ``::1``."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
