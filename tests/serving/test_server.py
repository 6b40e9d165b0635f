from __future__ import annotations

import http.client
import json
import signal
import socket
import threading

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from xcgraph.inference import Predictor
from xcgraph.serving import ServedModel, listen

BODY = json.dumps({"text": "alpha beta", "k": 6})
HEADERS = {"Content-Type": "application/json"}


def ask(server, method="POST", path="/predict", body=BODY, connection=None):
    """``(status, answer)``."""
    connection = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, body, HEADERS)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def health(server):
    return ask(server, "GET", "/health", None)[1]


def in_flight(server):
    """Requests that are being answered, besides the one that asks."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return float(text.partition("\nxcgraph_requests_in_flight ")[2].partition("\n")[0]) - 1


def begin(server, wait_until):
    """A connection on which half of a request was sent, after the server has seen that."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}"
    connection.sendall(f"{head}\r\nContent-Type: application/json\r\n\r\n{BODY[:5]}".encode())
    wait_until(lambda: in_flight(server) == 1)
    return connection


def refuses(server):
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


def finish(connection):
    """The answer to the other half."""
    connection.sendall(BODY[5:].encode())
    text = b""
    while part := connection.recv(1 << 16):
        text += part
    return text.decode()


@pytest.mark.slow
def test_answers_and_stops_when_all_are_answered(folder, start_server, wait_until):
    with start_server(folder) as server:
        status, answer = ask(server)
        expected = Predictor.load(folder).predict(["alpha beta"], 6)[0]
        assert status == 200
        assert [(label["uid"], label["title"]) for label in answer["labels"]] == [(u, t) for u, t, _ in expected]
        connection = begin(server, wait_until)
        server.send(signal.SIGTERM)
        wait_until(lambda: refuses(server))  # nobody is let in any more
        text = finish(connection)
        assert text.startswith("HTTP/1.1 200") and json.loads(text.partition("\r\n\r\n")[2]) == answer
        code, said = server.end()
        assert code == 0 and "Traceback" not in said and said.count("\n") == 1


@pytest.mark.slow
def test_a_client_that_leaves_and_ctrl_c(folder, start_server, wait_until):
    with start_server(folder) as server:
        begin(server, wait_until).close()
        assert ask(server)[0] == 200
        server.send(signal.SIGINT)
        code, said = server.end()
        assert code == 130 and said.splitlines()[-1] == "Interrupted" and "Traceback" not in said


@pytest.mark.slow
def test_reload_under_load(write, tmp_path, start_server, wait_until):
    """Six times another model, and not a request is lost."""
    folders = [write(tmp_path / f"model-{seed}", seed) for seed in range(2)]
    expected = {
        ServedModel.load(path).version: [hit.uid for hit in Predictor.load(path).predict(["alpha beta"], 6)[0]]
        for path in folders
    }
    link = tmp_path / "current"
    link.symlink_to(folders[0])
    answers, stop = [], threading.Event()

    def load():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while not stop.is_set():
            answers.append(ask(server, connection=connection))

    with start_server(link) as server:
        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(1, 7):
            (tmp_path / "next").symlink_to(folders[turn % 2])
            (tmp_path / "next").replace(link)
            if turn % 3:
                assert ask(server, path="/reload", body="")[0] == 200
            else:
                server.send(signal.SIGHUP)
            wanted = list(expected)[turn % 2]
            wait_until(lambda: health(server)["model"] == wanted)  # noqa: B023
            count = len(answers)
            wait_until(lambda: len(answers) >= count + 10)  # noqa: B023
        stop.set()
        for thread in threads:
            thread.join(60)
        code, said = server.stop()
    assert code == 0 and said.count("reload: version") == 6
    assert len(answers) >= 60 and {status for status, _ in answers} == {200}
    for _, answer in answers:
        assert [label["uid"] for label in answer["labels"]] == expected[answer["model"]]
    assert {answer["model"] for _, answer in answers} == set(expected)


@pytest.mark.slow
def test_a_broken_model_does_not_replace_a_good_one(write, tmp_path, start_server, wait_until):
    path = write(tmp_path / "model")
    with start_server(path) as server:
        old = ask(server)
        (path / "config.json").rename(tmp_path / "config.json")
        server.send(signal.SIGHUP)
        wait_until(lambda: health(server)["reload_error"] is not None)
        assert ask(server) == old
        code, said = server.stop()
    assert code == 0 and f"Warning: reload: {path}: expected a model folder" in said and "Traceback" not in said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_listen(host):
    with listen(host, 0) as sock:
        port = sock.getsockname()[1]
        with socket.create_connection((sock.getsockname()[0], port), timeout=60), sock.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        with pytest.raises(OSError, match=f"port {port} is in use; choose another by --port"):
            listen(host, port)


def test_listen_elsewhere():
    with pytest.raises(OSError, match=r"^192\.0\.2\.1: cannot listen there"):
        listen("192.0.2.1", 0)
    with pytest.raises(OSError, match=r"^no such host: cannot listen there"):
        listen("no such host", 0)
