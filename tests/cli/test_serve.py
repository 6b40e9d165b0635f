from __future__ import annotations

import builtins
import signal
import socket
import sys
import threading

import pytest


@pytest.fixture
def started(monkeypatch):
    """What would be served: the command goes as far as that."""
    pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
    from xcgraph import serving

    calls = []

    def create_app(*args):
        calls.append(args)

    monkeypatch.setattr(serving, "create_app", create_app)
    monkeypatch.setattr(serving, "serve", lambda app, live, sock: calls.append(sock.getsockname()))
    return calls


def test_this_machine_alone(bench, finished, started):
    out, _ = finished
    result = bench("serve", out, "--port", 0, "--max-k", 7, "--threads", 3)
    (live, limits, hosts, threads, local), (address, port) = started
    assert hosts == {"localhost", "127.0.0.1", "::1"} and threads == 3 and local
    assert limits.max_k == 7 and address == "127.0.0.1" and port > 0
    assert result.stderr == (
        f"serving {out}, version {live.current.version}, 20 labels, at http://127.0.0.1:{port}; Ctrl-C stops, "
        "SIGHUP loads the model anew\n"
    )


def test_everybody(bench, finished, started):
    result = bench("serve", finished[0] / "model", "--port", 0, "--host", "0.0.0.0")
    (_, _, hosts, _, local), (address, port) = started
    assert hosts is None and not local and address == "0.0.0.0"
    assert result.stderr.startswith(f"Warning: everybody who reaches port {port} of 0.0.0.0 can use this model")
    started.clear()
    bench("serve", finished[0], "--port", 0, "--host", "0.0.0.0", "--allowed-host", "Tags.example")
    assert started[0][2] == {"tags.example", "localhost", "127.0.0.1", "::1", "0.0.0.0"}


def test_mistakes(error, finished, started, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        line = error("serve", finished[0], "--port", port, code=1)
        assert line == f"Error: 127.0.0.1: port {port} is in use; choose another by --port"
    assert f"{tmp_path}: expected a model folder" in error("serve", tmp_path, "--port", 0, code=1)
    assert "'--port'" in error("serve", finished[0], "--port", 70000, code=2)
    assert "cannot listen there" in error("serve", finished[0], "--host", "no such host", code=1)
    (tmp_path / "config.json").write_text("{")
    assert f"{tmp_path}: cannot be read as a model" in error("serve", tmp_path, "--port", 0, code=1)
    assert started == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_hang_up_while_the_model_is_loaded_waits_for_the_server(bench, finished, started, monkeypatch):
    from xcgraph import serving

    class Loading(serving.LiveModel):
        def __init__(self, *args):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGHUP)
            super().__init__(*args)

    def serve(app, live, sock):
        old = signal.signal(signal.SIGHUP, lambda *_: started.append("hang up"))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        signal.signal(signal.SIGHUP, old)

    monkeypatch.setattr(serving, "LiveModel", Loading)
    monkeypatch.setattr(serving, "serve", serve)
    bench("serve", finished[0], "--port", 0)
    assert started[-1] == "hang up"
    assert signal.SIGHUP not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_without_the_extra(error, finished, monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.partition(".")[0] == "uvicorn":
            raise ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn")
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.startswith(("xcgraph.serving", "uvicorn"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", absent)
    line = error("serve", finished[0], code=1)
    assert line.startswith("Error: serving needs ") and line.endswith("pip install 'xcgraph[serve]'")
