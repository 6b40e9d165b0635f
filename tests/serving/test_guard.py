from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from xcgraph.serving import Guard


async def echo(scope, receive, send):
    body = await Request(scope, receive).body()
    await PlainTextResponse(body)(scope, receive, send)


def client(hosts=("localhost", "127.0.0.1", "::1"), max_body=10):
    return TestClient(Guard(echo, hosts, max_body), base_url="http://localhost:8000")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "[::1]"])
def test_own_names(host):
    assert client().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "[", "::1"]
)
def test_other_names(host):
    answer = client().get("/", headers={"host": host})
    assert answer.status_code == 421 and "--allowed-host" in answer.json()["error"]
    assert client(hosts=None).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:9000", "null", "http://[", "", "localhost:8000"]
)
def test_pages_of_other_sites(origin):
    for hosts in (["localhost"], None):
        answer = client(hosts).post("/", content=b"x", headers={"origin": origin})
        assert answer.status_code == 403 and "other sites" in answer.json()["error"]


def test_own_page():
    assert client().post("/", content=b"x", headers={"origin": "http://localhost:8000"}).text == "x"


@pytest.mark.parametrize("told", [True, False])
def test_size_of_the_body(told):
    def send(body):
        # Without a length, it comes in chunks.
        return client().post("/", content=body if told else iter([body[:4], body[4:]]))

    assert send(b"0123456789").content == b"0123456789" and send(b"").content == b""
    answer = send(b"0123456789x")
    assert answer.status_code == 413 and answer.json() == {"error": "expected a body of at most 10 bytes"}


def test_a_large_body_is_not_read():
    taken = []

    def body():
        for number in range(1000):
            taken.append(number)
            yield b"x" * 5

    guard = Guard(echo, None, 10)
    messages = body()

    async def receive():
        return {"type": "http.request", "body": next(messages), "more_body": True}

    sent = []

    async def send(message):
        sent.append(message)

    import asyncio

    asyncio.run(guard({"type": "http", "headers": [], "method": "POST", "path": "/"}, receive, send))
    assert sent[0]["status"] == 413 and len(taken) == 3


@pytest.mark.parametrize("length", ["11", "9" * 5000])
def test_a_body_said_to_be_large_is_not_waited_for(length):
    import asyncio

    async def receive():
        raise AssertionError("nothing is to be read")

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": [(b"content-length", length.encode())], "method": "POST", "path": "/"}
    asyncio.run(Guard(echo, None, 10)(scope, receive, send))
    assert sent[0]["status"] == 413


def test_headers_of_every_answer():
    for answer in (client().get("/"), client().get("/", headers={"host": "evil.example"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
