"""Random bits by counter: draw ``t`` of stream ``s`` depends on nothing else drawn, nor on where it is drawn."""

from __future__ import annotations

import torch
from torch import Tensor

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


def _signed(value: int) -> int:
    """The int64 with the bits of ``value`` modulo 2^64."""
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def _xor_shift(x: Tensor, bits: int) -> None:
    """``x ^= x >> bits`` in place, with a shift that brings in zeros (torch's brings in the sign)."""
    shifted = x >> bits
    shifted &= (1 << (64 - bits)) - 1
    x ^= shifted


def _mix(x: Tensor) -> Tensor:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), in place on int64."""
    _xor_shift(x, 30)
    x *= _signed(0xBF58476D1CE4E5B9)
    _xor_shift(x, 27)
    x *= _signed(0x94D049BB133111EB)
    _xor_shift(x, 31)
    return x


def random_bits(seed: int, stream: Tensor, count: int) -> Tensor:
    """Counter-based random bits, the same on every device.

    Args:
        seed: any integer; the low 64 bits count.
        stream: ids of the streams, shape ``[S]``, int64.
        count: draws a stream.

    Returns:
        int64 of shape ``[S, count]``, each of its 64 bits uniform; a longer draw begins with the shorter one.
    """
    start = torch.full((1,), _signed(seed * _GAMMA + 1), dtype=torch.long, device=stream.device)
    key = _mix(_mix(start) ^ (stream * _signed(_GAMMA)))
    counter = torch.arange(1, count + 1, device=stream.device) * _signed(_GAMMA)
    return _mix(key.unsqueeze(1) + counter)
