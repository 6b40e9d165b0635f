"""A server process: its socket, its signals, its end."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from .live_model import LiveModel

# Seconds that requests get to finish once the server is to stop.
_GRACE = 30


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: name or address of this machine.
        port: 0 for any that is free.

    Raises:
        OSError: if the port is in use or not allowed, or the host is not this machine's; says which.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        sock = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = {
            errno.EADDRINUSE: f"port {port} is in use; choose another by --port",
            errno.EACCES: f"port {port} is not allowed to this user; choose one above 1023 by --port",
        }.get(error.errno or 0, f"cannot listen there: {error.strerror or error}")
        raise OSError(f"{host}: {reason}") from error
    # Connections inherit it. Without, the end of an answer waits 40 ms for a sign of life; asyncio sets it itself,
    # but not for a socket that was made elsewhere.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def serve(app: ASGIApp, live: LiveModel, sock: socket.socket) -> None:
    """Answers requests until SIGTERM or SIGINT; what has come in by then is answered. SIGHUP reloads the model.

    Args:
        app: what :func:`create_app` gives.
        live: its model.
        sock: what :func:`listen` gives; closed at the end.

    Raises:
        KeyboardInterrupt: after SIGINT.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    asyncio.run(_serve(uvicorn.Server(config), live, sock))


async def _serve(server: uvicorn.Server, live: LiveModel, sock: socket.socket) -> None:
    tasks: set[asyncio.Task[None]] = set()

    def hang_up() -> None:
        task = asyncio.create_task(_reload(live))
        tasks.add(task)  # the loop alone would not keep it
        task.add_done_callback(tasks.discard)

    # The server raises the signal that stopped it once more, when it is done.
    signal.signal(signal.SIGTERM, server.handle_exit)
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hang_up)
        # Who starts a server may have held it back until there was a handler.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    await server.serve([sock])


async def _reload(live: LiveModel) -> None:
    with suppress(ValueError):  # the log has it
        await asyncio.to_thread(live.reload)
