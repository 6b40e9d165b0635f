from __future__ import annotations

import pytest
from chromium import BINARY, Chromium

from xcgraph.report import RunGroup, build_report, render_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture
def start(chromium, tmp_path, request):
    """``start(group)`` opens its report as a file."""
    request.addfinalizer(lambda: chromium.send("Emulation.clearDeviceMetricsOverride"))
    request.addfinalizer(lambda: chromium.send("Emulation.setEmulatedMedia", features=[]))

    def start(*groups):
        path = tmp_path / "report.html"
        path.write_text(render_report(build_report(groups, 25)), encoding="utf-8")
        chromium.complaints.clear()
        chromium.open(path.as_uri())
        chromium.run("document.querySelector('[data-chart]').id = 'first'")
        return chromium

    return start


@pytest.fixture
def page(start, group):
    return start(group)


def texts(page, selector):
    return page.run(f"[...document.querySelectorAll({selector!r})].map((each) => each.innerText)")


def choose(page, control, value):
    page.run(f"{{ const c = {control}; c.value = {value!r}; c.dispatchEvent(new Event('change')); }}")


def test_charts(page):
    figures = page.run("document.querySelectorAll('figure').length")
    assert figures == page.run("document.querySelectorAll('figure svg[role=img]').length") == 10
    points = page.run("charts[0].series.reduce((sum, series) => sum + series.points.length, 0)")
    assert page.run("document.querySelectorAll('#first .plot .mark').length") == points
    assert "NaN" not in page.run("document.body.innerHTML")
    page.keep("report")
    assert page.complaints == []


def test_places_on_a_chart(page):
    """Where marks are says what the numbers are."""
    chart = page.run("charts.findIndex((chart) => chart.title === 'Loss')")
    found = page.run(
        f"[...document.querySelectorAll('[data-chart]')[{chart}].querySelectorAll('.plot .mark')].map((mark) => "
        "mark.getAttribute('transform').match(/-?[\\d.]+/g).slice(0, 2).map(Number))"
    )
    values = page.run(f"charts[{chart}].series.flatMap((series) => series.points)")
    for axis, sign in ((0, 1), (1, -1)):
        low, high = (pick(range(len(values)), key=lambda i: values[i][axis]) for pick in (min, max))
        step = (found[high][axis] - found[low][axis]) / (values[high][axis] - values[low][axis])
        assert step * sign > 0
        for place, value in zip(found, values, strict=True):
            assert place[axis] == pytest.approx(
                found[low][axis] + step * (value[axis] - values[low][axis]), abs=0.5
            )


def test_series_come_and_go(page):
    marks = "document.querySelectorAll('#first .plot .mark').length"
    all_of_them = page.run(marks)
    button = "document.querySelector('#first .legend button')"
    page.run(f"{button}.focus()")
    page.press("Enter", 13, "\r")
    assert page.run(marks) == all_of_them // 2 and page.run(f"{button}.getAttribute('aria-pressed')") == "false"
    page.press("Enter", 13, "\r")
    assert page.run(marks) == all_of_them and page.complaints == []


def test_other_metrics_and_times(page):
    (metric, time) = (f"document.querySelectorAll('[data-costs] select')[{i}]" for i in (0, 1))
    assert page.run(f"{time}.value") == "batch ms"  # runs do not know the other
    choose(page, metric, "PSP@5")
    assert texts(page, ".scatter figcaption") == [
        "PSP@5 over seconds of training",
        "PSP@5 over ms a document in a batch",
    ]
    choose(page, time, "query ms")
    assert texts(page, ".scatter .note") == ["No method has both numbers."]
    assert page.complaints == []


def test_nothing_of_the_data_runs(page, group):
    assert page.run("document.title") == "Report of odd & <b>, all text"
    assert page.run("document.scripts.length") == 3 and page.run("document.querySelectorAll('img, b').length") == 0
    first = texts(page, ".entries tbody tr td:first-child")[0]
    assert (
        first.split("\n")[0]
        == group.texts[0]
        == "<script>document.title='broken'</script> & co word0 group0 noise0"
    )


def test_markup_that_slips_through_does_not_run(page):
    """The page's own policy stops what escaping should have stopped already."""
    page.slip_in_scripts()
    page.run("new Promise((done) => setTimeout(done, 100))")
    assert page.run("document.title") == "Report of odd & <b>, all text"


def test_documents_and_hits(page, group):
    report = build_report([group], 25)["groups"][0]["documents"]
    rows = page.run(
        "[...document.querySelectorAll('.entries tbody tr')].map((row) => "
        "[...row.querySelectorAll('ol > li')].map((item) => item.className))"
    )
    assert len(rows) == 10
    for row, classes in enumerate(rows):
        own = report["documents"][row]["labels"]
        assert classes == ["hit" if place in own else "" for place, _ in report["runs"][0]["found"][row]]
    assert any("hit" in classes for classes in rows)


def test_search_and_pages(page, group):
    status, buttons = ".documents [role=status]", "document.querySelectorAll('.documents .controls button')"
    assert texts(page, status) == ["25 of 25 documents"]
    assert page.run(f"[...{buttons}].map((button) => button.disabled)") == [True, False]
    page.run(f"{buttons}[1].click(); {buttons}[1].click()")
    assert len(texts(page, ".entries tbody tr")) == 5
    assert page.run(f"[...{buttons}].map((button) => button.disabled)") == [False, True]
    page.run("document.querySelector('.documents input').focus()")
    page.type("TST1 noise")
    expected = [row for row in range(25) if "tst1" in f"tst{row}"]
    assert texts(page, status) == [f"{len(expected)} of 25 documents"]
    page.run("document.querySelector('.documents input').select()")
    page.type("nowhere to be found")
    assert texts(page, status) == ["0 of 25 documents"] and texts(page, ".entries tbody tr") == []
    assert page.complaints == []


def test_documents_of_another_run(page, group):
    report = build_report([group], 25)["groups"][0]["documents"]
    (run, kind) = (f"document.querySelectorAll('.documents select')[{i}]" for i in (0, 1))
    choose(page, run, "1")
    first = page.run(
        "[...document.querySelectorAll('tbody tr:first-child ol .rank')].map((each) => each.textContent)"
    )
    told = [float(text.split(",")[0]) for text in first]
    assert told == pytest.approx([score for _, score in report["runs"][1]["found"][0]], rel=0.01)
    for value, index in (("first", 0), ("none", None)):
        choose(page, kind, value)
        own = [document["labels"] for document in report["documents"]]
        found = [[place for place, _ in labels] for labels in report["runs"][1]["found"]]
        fits = [
            found[row][0] in own[row] if index == 0 else not set(found[row]) & set(own[row]) for row in range(25)
        ]
        assert texts(page, ".documents [role=status]") == [f"{sum(fits)} of 25 documents"]


def test_why(page, group):
    page.run("document.querySelector('.entries summary').focus()")
    page.press("Enter", 13, "\r")
    page.wait("document.querySelectorAll('.entries details[open] table').length >= 2")
    cells = page.run("[...document.querySelector('.why').rows].map((row) => row.innerText.split('\\t'))")
    told = {name: float(cells[-1].replace("\u2212", "-")) for name, *cells in cells}
    why = build_report([group], 25)["groups"][0]["documents"]["runs"][0]["why"][0][0]
    expected = {name.replace("_", " "): share for name, share in why["parts"].items() if abs(share) >= 0.0005}
    assert told == pytest.approx(expected, abs=0.0006)
    page.keep("report-why")
    assert page.complaints == []


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_on_a_phone(start, group, mode):
    start(group).send(
        "Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True
    )
    page = start(group)
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": mode}])
    page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    # Charts are drawn for this width, not shrunk: text on them stays readable.
    assert page.run(
        "[...document.querySelectorAll('svg[role=img]')].every((svg) => svg.viewBox.baseVal.width <= 390)"
    )
    assert page.run("getComputedStyle(document.querySelector('svg text')).fontSize") == "12px"
    page.keep(f"report-phone-{mode}")
    assert page.complaints == []


CONTRAST = """
(() => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const linear = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const probe = document.body.appendChild(document.createElement("p"));
  const of = (name) => { probe.style.color = `var(${name})`; return light(getComputedStyle(probe).color); };
  const ratio = (a, b) => (Math.max(of(a), of(b)) + 0.05) / (Math.min(of(a), of(b)) + 0.05);
  const texts = ["--text", "--soft", "--accent", "--hit", "--less"].map((name) => ratio(name, "--back"));
  const pairs = [["--text", "--hit-back"], ["--soft", "--hit-back"], ["--text", "--raised"]];
  const found = [...texts, ...pairs.map((pair) => ratio(...pair))];
  const marks = [0, 1, 2, 3, 4, 5, 6, 7].map((number) => ratio(`--c${number}`, "--back"));
  probe.remove();
  return [Math.min(...found), Math.min(...marks)];
})()
"""


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_contrast_in_light_and_dark(page, mode):
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": mode}])
    text, marks = page.run(CONTRAST)
    assert text >= 4.5 and marks >= 3  # WCAG 2.2, AA


def test_the_button_turns_the_light(page):
    back = "getComputedStyle(document.body).backgroundColor"
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    page.wait("document.getElementById('theme').innerText === 'Light'")  # told of the change with the next frame
    dark = page.run(back)
    page.run("document.getElementById('theme').click()")
    assert page.run(back) == "rgb(255, 255, 255)" != dark and texts(page, "#theme") == ["Dark"]
    page.run("document.getElementById('theme').click()")
    assert page.run(back) == dark


def test_without_the_data(start, group):
    page = start(RunGroup(group.runs, missing="the data set is elsewhere"))
    assert texts(page, "h3 + .note")[-1].startswith(
        "Test documents are in the data set, and the data set is elsewhere"
    )
    assert page.run("document.querySelectorAll('.entries').length") == 0 and page.complaints == []


def test_two_data_sets(start, group):
    page = start(group, RunGroup(group.runs[:1], "title"))
    assert texts(page, "nav[aria-label='Data sets'] a") == ["odd & <b>, all text", "odd & <b>, titles"]
    assert page.complaints == []


def test_paper(page):
    page.send("Emulation.setEmulatedMedia", media="print")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run("[...document.querySelectorAll('figure > details')].every((each) => each.open)")
    assert page.run("getComputedStyle(document.getElementById('theme')).display") == "none"
    page.send("Emulation.setEmulatedMedia", media="")
