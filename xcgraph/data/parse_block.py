"""Many ``col:value`` fields to numbers at once."""

from __future__ import annotations

import warnings

import numpy as np

LARGEST = float(np.finfo(np.float32).max)
_POWERS = 10 ** np.arange(16, dtype=np.int64)


def parse_block(block: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """``(row int64, col float64, value float64)`` of a block of lines, or None where something in it is wrong."""
    text = np.frombuffer(block, dtype=np.uint8)
    blank = (text == 32) | (text == 10) | (text == 9) | (text == 13)
    starts = ~blank
    starts[1:] &= blank[:-1]
    count = int(np.count_nonzero(starts))
    # Each field must hold exactly one colon: then the numbers come in pairs.
    field = np.cumsum(starts, dtype=np.int32)
    if not np.array_equal(field[text == 58], np.arange(1, count + 1, dtype=np.int32)):
        return None
    numbers = _plain_numbers(text, blank | (text == 58))
    if numbers is None:
        numbers = _any_numbers(block)
    if numbers is None or len(numbers) != 2 * count:
        return None
    row = np.cumsum(text == 10, dtype=np.int32)[starts].astype(np.int64)
    return row, numbers[0::2], numbers[1::2]


def _plain_numbers(text: np.ndarray, separator: np.ndarray) -> np.ndarray | None:
    """All numbers of a block if they are written as digits with at most one dot; several times faster than numpy.

    A number of at most 15 digits is exact in a float64, and so is its power of ten: the quotient is rounded once,
    just as a careful parser does it.
    """
    digit = (text >= 48) & (text <= 57)
    dot = np.flatnonzero(text == 46)
    if np.count_nonzero(digit) + len(dot) + np.count_nonzero(separator) != len(text):
        return None
    edge = np.empty(len(text) + 1, dtype=bool)
    edge[0], edge[-1] = not separator[0], not separator[-1]
    np.not_equal(separator[1:], separator[:-1], out=edge[1:-1])
    border = np.flatnonzero(edge)
    before = np.zeros(len(text) + 1, dtype=np.int32)
    np.cumsum(digit, out=before[1:])
    start, end = before[border[0::2]], before[border[1::2]]
    length = end - start
    number_of_dot = np.searchsorted(border[0::2], dot, side="right") - 1
    if len(length) == 0:
        return np.empty(0)
    if length.min() < 1 or length.max() > 15 or (number_of_dot[1:] == number_of_dot[:-1]).any():
        return None
    power = np.repeat(end, length) - np.arange(1, before[-1] + 1, dtype=np.int32)
    numbers = np.add.reduceat((text[digit] - np.uint8(48)) * _POWERS[power], start).astype(np.float64)
    numbers[number_of_dot] /= _POWERS[end[number_of_dot] - before[dot]]
    return numbers


def _any_numbers(block: bytes) -> np.ndarray | None:
    """All numbers of a block, or None where something in it is no number, or none that a float32 can hold."""
    with warnings.catch_warnings():
        # numpy warns, and will one day raise, where it meets something that is no number.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            numbers = np.fromstring(block.replace(b":", b" "), dtype=np.float64, sep=" ")
        except ValueError:
            return None
    return numbers if (np.abs(numbers) <= LARGEST).all() else None
