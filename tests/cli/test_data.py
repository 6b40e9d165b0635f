from __future__ import annotations


def test_commands(bench, error):
    text = bench("data", "--help").output
    assert "build" in text and "check" in text
    assert "did you mean 'check'?" in error("data", "chek", code=2)
