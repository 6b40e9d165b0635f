import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from xcgraph.data.parse_block import LARGEST, _any_numbers, parse_block


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789.:- e\n", max_size=30))
def test_fast_and_careful_parsers_agree(text):
    """Whatever the fast path accepts, field-by-field parsing reads as the same numbers, and it misses nothing."""
    block = (text + "\n").encode()
    parsed = parse_block(block)
    try:
        fields = [
            (row, *map(float, field.split(":")))
            for row, line in enumerate(text.split("\n"))
            for field in line.split()
        ]
        good = all(len(field) == 3 and max(map(abs, field)) <= LARGEST for field in fields)
    except ValueError:
        good = False
    assert (parsed is not None) == good
    if parsed is not None:
        assert list(zip(*(part.tolist() for part in parsed), strict=True)) == fields


def test_digits_are_read_exactly():
    rng = np.random.default_rng(0)
    values = np.round(rng.random(500), 12)
    block = ("\n".join(f"1:{value!r}" for value in values.tolist()) + "\n").encode()
    np.testing.assert_array_equal(parse_block(block)[2], values)
    np.testing.assert_array_equal(_any_numbers(block)[1::2], values)
