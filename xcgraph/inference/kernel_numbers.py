"""How compiled loops multiply stored numbers: float32, float16 as its bits in int16, and int8.

Rows of int8 are multiplied with whole numbers, which takes a quarter of the instructions that it takes to make
floats of them first. Plain loops over these operations are what LLVM turns into vector instructions.
"""
# mypy: disable-error-code="no-untyped-def,call-arg"

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

# What int32 holds, divided by what an int8 is at most.
_ROOM = (2**31 - 1) // 127
_FLOAT32 = ir.FloatType()


@intrinsic
def as_float(typingctx, value):  # pragma: no cover - compiled
    """A stored number as float32; an int16 is taken for the bits of a float16."""

    def codegen(context, builder, signature, args):
        return _float(builder, value, args[0])

    return types.float32(value), codegen


def _float(builder, kind, number):
    if kind == types.float32:
        return number
    if kind == types.int16:
        return builder.fpext(builder.bitcast(number, ir.HalfType()), _FLOAT32)
    return builder.sitofp(number, _FLOAT32)


@intrinsic
def nothing(typingctx, factors):  # pragma: no cover - compiled
    """The 0 at which a sum of products with ``factors`` starts: int32 where these are int16, else float32."""
    kind = types.int32 if factors.dtype == types.int16 else types.float32

    def codegen(context, builder, signature, args):
        return context.get_constant(kind, 0)

    return kind(factors), codegen


@intrinsic
def add_product(typingctx, total, number, factor):  # pragma: no cover - compiled
    """``total + number * factor``, in the type of ``total``: int16, int32 or float32.

    Numba itself would go on in int64, which LLVM does not take back in loops.
    """

    def codegen(context, builder, signature, args):
        so_far, a, b = args
        if total == types.float32:
            product = builder.fmul(_float(builder, number, a), b, flags=("fast",))
            return builder.fadd(so_far, product, flags=("fast",))
        wide = so_far.type
        a, b = (part if part.type.width == wide.width else builder.sext(part, wide) for part in (a, b))
        return builder.add(so_far, builder.mul(a, b))

    return total(total, number, factor), codegen


@intrinsic
def power_of_two(typingctx, exponent):  # pragma: no cover - compiled
    """2 to a whole number of -126 to 127 that is given as float32; float32."""
    bits = ir.IntType(32)

    def codegen(context, builder, signature, args):
        biased = builder.add(builder.fptosi(args[0], bits), bits(127))
        return builder.bitcast(builder.shl(biased, bits(23)), _FLOAT32)

    return types.float32(exponent), codegen


def factors_for(matrix, x):  # pragma: no cover - compiled
    """``(factors, step)``: ``step * factors`` is float32 ``x`` as the rows of ``matrix`` are multiplied with it.

    Beside int8 these are int16 of 14 bits or so, of which no sum of products is too large for int32; else they
    are ``x`` itself.
    """
    raise NotImplementedError("only compiled loops call it")


@overload(factors_for)
def _factors_for(matrix, x):  # pragma: no cover - compiled
    if matrix.dtype != types.int8:
        return lambda matrix, x: (x, numba.float32(1))

    def whole(matrix, x):
        most = numba.float32(min(32767, _ROOM // max(1, x.size)))
        largest = numba.float32(0)
        for j in range(x.size):
            largest = max(largest, abs(x[j]))
        factors = np.empty(x.size, dtype=np.int16)
        step = largest / most
        inverse = most / largest if largest > 0 else numba.float32(0)
        for j in range(x.size):
            factors[j] = numba.int16(np.rint(x[j] * inverse))
        return factors, step

    return whole
