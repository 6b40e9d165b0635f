"""Inverse propensities of labels."""

from __future__ import annotations

import numpy as np


def inverse_propensity(frequency: np.ndarray, num_documents: int, a: float = 0.55, b: float = 1.5) -> np.ndarray:
    r"""Inverse propensity of every label, from how often it was seen in training.

    :math:`q_l = 1 + C (N_l + B)^{-A}` with :math:`C = (\ln N - 1)(B + 1)^A` (Jain, Prabhu and Varma, KDD 2016). A
    label with one training document has :math:`q_l = \ln N`.

    Args:
        frequency: training documents a label :math:`N_l`, shape ``[L]``, of the *full* training set (before a
            validation split or a filter).
        num_documents: :math:`N`, rows of that full training set, at least 1.
        a: exponent A.
        b: offset B.

    Returns:
        ``q`` of shape ``[L]``, float64. Never below 1, since a propensity is a probability; only training sets
        of one or two documents would come out lower.

    Raises:
        ValueError: if ``num_documents`` is not positive or a frequency is negative or exceeds it.
    """
    count = np.asarray(frequency, dtype=np.float64)
    if num_documents < 1:
        raise ValueError(f"'num_documents' must be at least 1, got {num_documents}")
    if count.size and (count.min() < 0 or count.max() > num_documents):
        raise ValueError(
            f"'frequency' must lie between 0 and {num_documents}, the number of documents, "
            f"got {count.min():g} to {count.max():g}"
        )
    c = (np.log(num_documents) - 1.0) * (b + 1.0) ** a
    return np.maximum(1.0 + c * (count + b) ** -a, 1.0)
