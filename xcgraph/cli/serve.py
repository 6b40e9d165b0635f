"""``xcgraph-bench serve``."""

from __future__ import annotations

import ipaddress
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click

from .console import Console
from .errors import data_errors
from .model_dir import model_folder
from .options import device_option, model_argument, pass_console, resolve_device


@contextmanager
def _hang_up_held() -> Iterator[None]:
    """SIGHUP, which would end a program that does not wait for it yet, is kept until the server takes it."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@click.command("serve", short_help="Answer over HTTP with a trained model.")
@model_argument
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; the default is this machine alone.",
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A name that requests may call this server by, beside localhost; may be repeated. Without it, any where "
    "--host is not this machine alone.",
)
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True, help="That predict.")
@click.option(
    "--max-body", type=click.IntRange(min=1), default=1 << 20, show_default=True, help="Bytes a request."
)
@click.option("--max-batch", type=click.IntRange(min=1), default=256, show_default=True, help="Texts a request.")
@click.option(
    "--max-text", type=click.IntRange(min=1), default=20_000, show_default=True, help="Characters a text."
)
@click.option("--max-k", type=click.IntRange(min=1), default=100, show_default=True, help="Labels a text.")
@device_option
@pass_console
@_hang_up_held()
def command(
    console: Console,
    model_dir: str,
    port: int,
    host: str,
    allowed_hosts: tuple[str, ...],
    threads: int,
    max_body: int,
    max_batch: int,
    max_text: int,
    max_k: int,
    device: str,
) -> None:
    """Answer over HTTP with the model of a finished run, on a page for people and by json for programs.

    MODEL_DIR is the --out of a run, or model/ in it, or what 'freeze' wrote. SIGTERM and Ctrl-C stop the server
    when it has answered what came in; SIGHUP loads the folder anew.
    """
    folder = model_folder(model_dir)
    device = resolve_device(device)
    from xcgraph.serving import Limits, LiveModel, create_app, listen, serve

    # The port first, so that one in use is known before a large model is read.
    with listen(host, port) as sock:
        address, port = sock.getsockname()[:2]
        local = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        with data_errors(str(folder.resolve())):
            live = LiveModel(lambda: model_folder(model_dir), device)
        names = {name.lower() for name in allowed_hosts}
        hosts = names | {"localhost", "127.0.0.1", "::1", address} if local or names else None
        limits = Limits(max_body=max_body, max_batch=max_batch, max_text=max_text, max_k=max_k)
        app = create_app(live, limits, hosts, threads, local)
        if not local:
            console.warn(
                f"everybody who reaches port {port} of {address} can use this model: there is no password and no "
                "encryption; a proxy in front can add both"
            )
        shown = f"[{address}]" if ":" in address else address
        console.say(
            f"serving {model_dir}, version {live.current.version}, {live.current.num_labels:,} labels, at "
            f"http://{shown}:{port}; Ctrl-C stops, SIGHUP loads the model anew"
        )
        serve(app, live, sock)
