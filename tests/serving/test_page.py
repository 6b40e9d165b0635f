from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from chromium import BINARY, Chromium

from xcgraph.inference import Predictor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="there is no Chromium on this machine"),
]

# Autofocus comes with the first picture of the page, which may be after it is loaded.
FOCUSED = "document.activeElement.id === 'text'"


@pytest.fixture(scope="module")
def url(folder, start_server):
    with start_server(folder, "--max-text", 1000, "--max-k", 10) as server:
        yield server.url


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture
def page(chromium, url):
    chromium.open(url)
    chromium.complaints.clear()
    chromium.wait(FOCUSED)
    return chromium


def rows(page):
    return page.run("[...document.querySelectorAll('li')].map((row) => row.querySelector('.title').textContent)")


def test_type_and_see_labels(page, folder):
    assert page.run("document.querySelector('details')") is None  # this model explains nothing
    page.wait("document.getElementById('model').textContent.startsWith('6 labels, model ')")
    assert page.run("document.activeElement.id") == "text"  # no click needed
    page.type("alpha beta")
    page.wait("document.querySelectorAll('li').length === 5")
    hits = Predictor.load(folder).predict(["alpha beta"], 5)[0]
    assert rows(page) == [title or uid for uid, title, _ in hits]
    uids = page.run("[...document.querySelectorAll('.uid')].map((uid) => uid.textContent)")
    assert uids == [uid for uid, title, _ in hits if title and uid != title]
    scores = page.run("[...document.querySelectorAll('.score')].map((score) => Number(score.textContent))")
    assert scores == pytest.approx([score for *_, score in hits], rel=0.01)
    widths = page.run(
        "[...document.querySelectorAll('.bar')].map((bar) => bar.getBoundingClientRect().width "
        "/ bar.parentElement.getBoundingClientRect().width)"
    )
    assert widths == pytest.approx([score / hits[0].score for *_, score in hits], abs=0.01)
    assert page.run("document.getElementById('status').textContent").startswith("5 labels in ")
    page.keep("light")
    assert page.complaints == []


def test_why(chromium, start_server, explained):
    with start_server(explained) as server:
        chromium.complaints.clear()
        chromium.open(server.url)
        chromium.wait("explains")
        chromium.wait(FOCUSED)
        assert chromium.run("document.activeElement.id") == "text"
        text = Predictor.load(explained).label_titles[3]
        chromium.type(text)
        chromium.wait("document.querySelectorAll('summary').length === 5")
        chromium.press("Tab", 9)
        chromium.press("Tab", 9)
        chromium.press("Enter", 13, "\r")
        chromium.wait("document.querySelectorAll('details[open] table').length >= 2")
        found = Predictor.load(explained).explain(text, 1)[0]
        cells = chromium.run("[...document.querySelector('table').rows].map((row) => row.innerText.split('\\t'))")
        told = {name: float(value.replace("\u2212", "-")) for name, _, value in cells}
        assert told == pytest.approx({n: v for n, v in found.parts.items() if abs(v) >= 0.0005}, abs=0.0006)
        bars = "[...document.querySelector('table').rows].map((row) => row.cells[1].firstChild.offsetWidth / "
        bars += "row.cells[1].clientWidth)"
        assert max(chromium.run(bars)) > 0.9  # the largest part fills its column
        chromium.run("scrollTo(0, 250)")
        chromium.keep("why")
        assert chromium.complaints == []


def test_by_keyboard_alone(page):
    page.type("alpha")
    page.wait("document.querySelectorAll('li').length === 5")
    page.press("Tab", 9)
    assert page.run("document.activeElement.id") == "k"
    page.press("ArrowUp", 38)
    page.wait("document.querySelectorAll('li').length === 6")
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_names_are_text(page):
    page.run("document.getElementById('k').value = 6")
    page.type("alpha")
    page.wait("document.querySelectorAll('li').length === 6")
    assert "<script>document.title='broken'</script> & co" in rows(page)
    assert page.run("document.title") == "xcgraph" and page.run("document.scripts.length") == 1
    assert page.complaints == []


def test_mistakes_and_emptiness(page):
    page.type("a" * 1001)
    page.wait("document.getElementById('status').className === 'wrong'")
    assert page.run("document.getElementById('status').textContent") == (
        "text: expected at most 1000 characters, got 1001"
    )
    page.run("document.getElementById('text').select()")
    page.type("alpha")
    page.wait("document.querySelectorAll('li').length === 5 && !document.getElementById('status').className")
    page.run("document.getElementById('text').select()")
    page.type(" ")
    page.wait("document.querySelectorAll('li').length === 0 && !document.getElementById('status').textContent")


def test_on_a_phone_and_in_the_dark(page, request):
    request.addfinalizer(lambda: page.send("Emulation.clearDeviceMetricsOverride"))
    request.addfinalizer(lambda: page.send("Emulation.setEmulatedMedia", features=[]))
    page.send("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    page.type("alpha " * 30)
    page.wait("document.querySelectorAll('li').length === 5")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    colours = page.run(
        "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))"
    )
    text, back = (sum(int(part) for part in colour[4:-1].split(",")) for colour in colours)
    assert back < 100 and text > 600
    page.keep("dark")


def test_other_scripts_do_not_run(page):
    page.slip_in_scripts()
    page.wait("document.images[0].complete")
    assert page.run("document.title") == "xcgraph"
    assert any("Content Security Policy" in str(complaint) for complaint in page.complaints)
