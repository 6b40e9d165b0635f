from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from xcgraph.report import RunGroup, build_report, render_report

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes, texts by the tag they are in, and tags that are left open."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def named(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    def text(self, tag):
        return [text for name, text in self.texts if name == tag]


@pytest.fixture
def page(group):
    return Page(render_report(build_report([group], 25)))


def test_well_formed_and_alone(page):
    assert page.open == []
    addresses = [attrs[name] for _, attrs in page.tags for name in ("src", "href", "action") if name in attrs]
    assert all(address == "data:," or address.startswith("#") for address in addresses)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {a[1:] for a in addresses if a.startswith("#")} <= set(ids)
    for _, attrs in page.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attrs.get(name, ids[0]) in ids
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
    css = page.text("style")[0]
    assert "url(" not in css and "@import" not in css


def test_only_the_own_script_may_run(page):
    (policy,) = [attrs["content"] for attrs in page.named("meta") if "http-equiv" in attrs]
    scripts = [(attrs, text) for attrs, text in zip(page.named("script"), page.text("script"), strict=True)]
    own = [text for attrs, text in scripts if "type" not in attrs]
    assert len(own) == 1 and len(scripts) == 3
    for kind, text in (("script", own[0]), ("style", page.text("style")[0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_names_are_text(page, group):
    assert "odd & <b>, all text" in "".join(page.text("h2"))
    assert not page.named("b") and not page.named("img")
    documents = json.loads(page.text("script")[1])[0]["documents"]
    assert [document["text"] for document in documents["documents"]] == group.texts
    assert {title for _, title, _ in documents["labels"]} <= set(group.data.label_titles)


def test_tables_have_heads(page):
    starts = [i for i, (tag, _) in enumerate(page.tags) if tag == "table"]
    for start, end in zip(starts, [*starts[1:], len(page.tags)], strict=True):
        inside = page.tags[start:end]
        assert any(tag == "th" for tag, _ in inside)
        assert all(attrs.get("scope") in ("row", "col") for tag, attrs in inside if tag == "th")


def test_every_number_of_the_results_is_there(group):
    report = build_report([group], 0)
    html = render_report(report)
    for row in report["groups"][0]["summary"]["rows"]:
        for value in row["values"].values():
            assert value is None or f"{value:,.2f}" in html


def test_what_is_missing_is_said(group):
    html = render_report(build_report([RunGroup(group.runs, missing="it is <gone>")], 5))
    assert html.count("it is &lt;gone&gt;") == 2 and "<gone>" not in html
    assert "None were asked for" in render_report(build_report([group], 0))


def test_the_same_twice(group):
    assert render_report(build_report([group], 5)) == render_report(build_report([group], 5))


def test_half_of_a_pair(group):
    group.texts[0] = "half \ud800"
    html = render_report(build_report([group], 1))
    assert re.search(r"half \\ud800", html) and html.encode("utf-8")
