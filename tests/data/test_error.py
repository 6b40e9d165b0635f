import pytest

from xcgraph.data import DataError


@pytest.mark.parametrize(
    ("path", "line", "text"),
    [("a.txt", 3, "a.txt:3: bad thing"), ("a.txt", None, "a.txt: bad thing"), (None, None, "bad thing")],
)
def test_data_error_is_one_line(path, line, text):
    error = DataError("bad\n  thing", path, line)
    assert isinstance(error, ValueError)
    assert str(error) == text
    assert (error.path, error.line, error.message) == (path, line, "bad thing")
