from __future__ import annotations

import shutil
import struct

import pytest
import report_image
from click.testing import CliRunner

PAGE = "<!doctype html><title>x</title><body style='background:#123456'>"


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "a page.html"
    path.write_text(PAGE)
    return path


@pytest.mark.slow
@pytest.mark.skipif(
    not any(map(shutil.which, report_image.BINARIES)), reason="there is no Chromium on this machine"
)
def test_an_image_of_the_size_asked_for(page, tmp_path):
    out = tmp_path / "x.png"
    result = CliRunner().invoke(
        report_image.main, [str(page), "--out", str(out), "--width", "640", "--height", "480"]
    )
    assert result.exit_code == 0, result.output
    content = out.read_bytes()
    assert content.startswith(b"\x89PNG") and struct.unpack(">II", content[16:24]) == (640, 480)


def test_without_a_browser(page, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = CliRunner().invoke(report_image.main, [str(page), "--out", str(tmp_path / "x.png")])
    assert result.exit_code == 1 and "expected Chromium on the PATH" in result.output


def test_without_a_page(tmp_path):
    result = CliRunner().invoke(report_image.main, [str(tmp_path / "x.html"), "--out", str(tmp_path / "x.png")])
    assert result.exit_code == 1 and "expected a page that 'xcgraph-bench report' wrote" in result.output
