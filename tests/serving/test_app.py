from __future__ import annotations

import json
import re
import threading

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from fastapi.testclient import TestClient

from xcgraph.inference import Hit, Predictor
from xcgraph.serving import Limits, LiveModel, create_app

LIMITS = Limits(max_body=200_000, max_batch=20, max_text=1000, max_k=10)
JSON = {"Content-Type": "application/json"}


def make_client(live, **options):
    return TestClient(create_app(live, LIMITS, **options), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def live(folder):
    return LiveModel(lambda: folder)


@pytest.fixture(scope="module")
def client(live):
    with make_client(live, local=True) as client:
        yield client


@pytest.fixture(scope="module")
def predictor(folder):
    return Predictor.load(folder)


def as_json(hits):
    return [{"uid": uid, "title": title, "score": pytest.approx(score)} for uid, title, score in hits]


def test_one_text(client, predictor, live):
    answer = client.post("/predict", json={"text": "alpha beta", "k": 3})
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "model": live.current.version,
        "labels": as_json(predictor.predict(["alpha beta"], 3)[0]),
    }
    assert len(client.post("/predict", json={"text": ""}).json()["labels"]) == 5


def test_several_texts(client, predictor):
    texts = ["alpha", "", "gamma beta"]
    answers = client.post("/predict", json={"texts": texts, "k": 10}).json()["answers"]
    assert [answer["labels"] for answer in answers] == [as_json(row) for row in predictor.predict(texts, 10)]
    assert len(answers[0]["labels"]) == 6  # all there are
    assert client.post("/predict", json={"texts": []}).json()["answers"] == []


@pytest.mark.parametrize("text", ["\x00", "alpha\x00beta", "\ud800", "🙂" * 500, "</script>", "\r\n"])
def test_odd_texts(client, text):
    answer = client.post("/predict", content=json.dumps({"text": text, "k": 1}), headers=JSON)
    assert answer.status_code == 200 and len(answer.json()["labels"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 422, "body: field required"),
        (b'{"text":', 422, "the body is not json: Expecting value at character 8"),
        (b"null", 422, "body: "),
        (b"[]", 422, "body: "),
        (b'"text"', 422, "body: "),
        (b"{}", 422, "either 'text' (a string) or 'texts'"),
        (b'{"text": "a", "texts": ["a"]}', 422, "either 'text'"),
        (b'{"text": 3}', 422, "text: input should be a valid string"),
        (b'{"texts": "a"}', 422, "texts: input should be a valid list"),
        (b'{"texts": ["a", null]}', 422, "texts[1]: input should be a valid string"),
        (b'{"txt": "a"}', 422, "txt: extra inputs are not permitted"),
        (b'{"text": "a", "k": 0}', 422, "k: expected 1 to 10, got 0"),
        (b'{"text": "a", "k": -1}', 422, "k: expected 1 to 10, got -1"),
        (b'{"text": "a", "k": 10000000000}', 422, "k: expected 1 to 10"),
        (b'{"text": "a", "k": 1e400}', 422, "k: input should be a valid integer"),
        (b'{"text": "a", "k": NaN}', 422, "k: input should be a valid integer"),
        (b'{"text": "a", "k": true}', 422, "k: input should be a valid integer"),
        (b'{"text": "a", "k": "5"}', 422, "k: input should be a valid integer"),
        (b'{"k": ' + b"9" * 5000 + b"}", 400, "parsing the body"),
        (b"[" * 100_000, 400, "parsing the body"),
        (b'{"text": "\xff"}', 400, "parsing the body"),
        (json.dumps({"text": "a" * 1001}).encode(), 422, "text: expected at most 1000 characters, got 1001"),
        (json.dumps({"texts": ["a"] * 10_000}).encode(), 422, "texts: expected at most 20, got 10000"),
        (json.dumps({"texts": [3] * 10_000}).encode(), 422, "texts[0]: "),
        (json.dumps({"text": "a" * 200_000}).encode(), 413, "expected a body of at most 200000 bytes"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_wrong_is_said_in_a_line(client, body, status, message):
    answer = client.post("/predict", content=body, headers=JSON)
    assert answer.status_code == status and set(answer.json()) == {"error"}
    assert message in answer.json()["error"] and len(answer.json()["error"]) < 150


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_forms_of_other_sites_are_not_json(client, kind):
    """Pages of other sites may send these kinds without asking."""
    answer = client.post("/predict", content=b'{"text": "a"}', headers={"Content-Type": kind})
    assert answer.status_code == 422 and "'Content-Type: application/json'" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/predict", 405), ("GET", "/../../etc/passwd", 404)]
)
def test_other_errors_are_json_too(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status and set(answer.json()) == {"error"}


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/page.html", "/static/page.html", "/%2e%2e/setup.cfg"])
def test_no_other_pages(client, path):
    assert client.get(path).status_code == 404


def test_explain(explained):
    client = make_client(LiveModel(lambda: explained))
    predictor = Predictor.load(explained)
    text = predictor.label_titles[3]
    assert client.get("/health").json()["explains"] is True
    labels = client.post("/explain", json={"text": text, "k": 4}).json()["labels"]
    assert labels == json.loads(json.dumps([each.as_dict() for each in predictor.explain(text, 4)]))
    assert [label["uid"] for label in labels] == [hit.uid for hit in predictor.predict([text], 4)[0]]
    assert all(sum(label["parts"].values()) == pytest.approx(label["logit"], abs=1e-4) for label in labels)
    for body, message in (
        ({"texts": [text]}, "one text"),
        ({"texts": []}, "one text"),
        ({"text": text, "k": 0}, "k: "),
        ({"text": "a" * 1001}, "text: "),
    ):
        answer = client.post("/explain", json=body)
        assert answer.status_code == 422 and message in answer.json()["error"]


def test_a_model_that_explains_nothing(client):
    answer = client.post("/explain", json={"text": "alpha"})
    assert answer.status_code == 404 and "nothing to explain" in answer.json()["error"]
    assert client.get("/health").json()["explains"] is False


def test_labels(client):
    assert client.get("/labels", params={"query": "BETA"}).json() | {"model": ""} == {
        "model": "",
        "total": 1,
        "offset": 0,
        "labels": [{"uid": "b-2", "title": "Beta two"}],
    }
    assert client.get("/labels", params={"query": "strasse"}).json()["labels"][0]["uid"] == "Straße"
    page = client.get("/labels", params={"offset": 4, "limit": 10}).json()
    assert page["total"] == 6 and [label["uid"] for label in page["labels"]] == ["e\x1fe", "f"]


@pytest.mark.parametrize(
    "params",
    [{"offset": -1}, {"limit": 0}, {"limit": 11}, {"offset": "x"}, {"offset": 1 << 70}, {"query": "a" * 1001}],
)
def test_labels_out_of_range(client, params):
    answer = client.get("/labels", params=params)
    assert answer.status_code == 422 and answer.json()["error"].startswith(f"{next(iter(params))}: ")


def test_health(client, live):
    found = client.get("/health").json()
    assert found["status"] == "ok" and found["model"] == live.current.version and found["labels"] == 6
    assert found["reload_error"] is None and found["limits"]["max_k"] == 10


def test_metrics(live):
    client = make_client(live)
    client.post("/predict", json={"texts": ["a", "b"]})
    client.post("/predict", json={"texts": 3})
    client.get("/health", headers={"Origin": "http://evil.example"})
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "xcgraph_texts_total 2.0" in answer.text
    for endpoint, status in (("/predict", 200), ("/predict", 422), ("other", 403)):
        assert f'xcgraph_requests_total{{endpoint="{endpoint}",status="{status}"}} 1.0' in answer.text
    assert 'xcgraph_request_seconds_bucket{endpoint="/predict",le="0.001"}' in answer.text


def test_only_own_hosts(live):
    client = make_client(live, hosts={"localhost"})
    assert client.get("/health", headers={"Host": "localhost:80"}).status_code == 200
    assert client.get("/health", headers={"Host": "evil.example"}).status_code == 421


def test_reload(write, tmp_path):
    path = write(tmp_path / "model")
    client = make_client(LiveModel(lambda: path), local=True)
    old = client.get("/health").json()["model"]
    path.rename(tmp_path / "old")
    answer = client.post("/reload")
    assert answer.status_code == 500 and "expected a model folder" in answer.json()["error"]
    assert f"the old model (version {old}) keeps serving" in answer.json()["error"]
    assert "expected a model folder" in client.get("/health").json()["reload_error"]
    assert client.post("/predict", json={"text": "alpha"}).json()["model"] == old
    write(path, 1)
    new = client.post("/reload").json()["model"]
    assert new != old and client.post("/predict", json={"text": "alpha"}).json()["model"] == new
    assert client.get("/health").json()["reload_error"] is None


def test_reload_is_for_this_machine_alone(live, client):
    assert make_client(live).post("/reload").status_code == 404
    assert client.get("/reload").status_code == 405
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        answer = client.post("/reload", headers={name: "127.0.0.1"})
        assert answer.status_code == 403 and "SIGHUP" in answer.json()["error"]
    assert client.post("/reload", headers={"Origin": "http://evil.example"}).status_code == 403


class FakePredictor:
    """Answers when it is let to, or fails."""

    label_uids, label_titles = ["a"], ["lone \ud800"]

    def __init__(self, go=None):
        self.go = go
        self.entered = threading.Semaphore(0)

    def predict(self, texts, k):
        self.entered.release()
        if self.go is None:
            raise RuntimeError("a secret")
        assert self.go.wait(30)
        return [[Hit("a", "lone \ud800", 0.5)] for _ in texts]


@pytest.fixture
def make_fake(live):
    from types import SimpleNamespace

    def make(predictor):
        model = SimpleNamespace(
            predictor=predictor,
            labels=live.current.labels,
            version="fake",
            unexplained="it is a fake",
            loaded_at=live.current.loaded_at,
            num_labels=1,
        )
        return SimpleNamespace(current=model, error=None)

    return make


def test_others_are_answered_meanwhile_and_too_many_refused(make_fake, wait_until):
    predictor = FakePredictor(threading.Event())
    app = create_app(make_fake(predictor), Limits(max_pending=2), threads=1)
    answers = []
    with TestClient(app) as client:
        ask = lambda: answers.append(client.post("/predict", json={"text": "a"}))  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert predictor.entered.acquire(timeout=30)
        wait_until(lambda: "in_flight 3.0" in client.get("/metrics").text)  # two wait, and this one
        refused = client.post("/predict", json={"text": "a"})
        assert refused.status_code == 503 and "try again" in refused.json()["error"]
        assert refused.headers["Retry-After"] == "1"
        assert client.get("/health").status_code == 200
        predictor.go.set()
        for thread in threads:
            thread.join(30)
    assert [answer.status_code for answer in answers] == [200, 200]


def test_titles_that_utf8_has_no_bytes_for(make_fake):
    go = threading.Event()
    go.set()
    client = TestClient(create_app(make_fake(FakePredictor(go))))
    assert json.loads(client.post("/predict", json={"text": "a"}).text)["labels"][0]["title"] == "lone \ud800"


def test_a_fault_is_not_told_to_clients(make_fake):
    client = TestClient(create_app(make_fake(FakePredictor())), raise_server_exceptions=False)
    answer = client.post("/predict", json={"text": "a"})
    assert answer.status_code == 500 and answer.json() == {"error": "the server failed; its log says how"}


def test_page(client):
    answer = client.get("/")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.findall(r"(?:src|href)=\"(?!data:,)|https?:|innerHTML|insertAdjacent|@import|url\(", answer.text)
