"""Free parameters of the labels, and scores of documents against label vectors."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from xcgraph.sparse import gather_dot

# Measured on one core: while a shortlist names at least one label in this many, multiplying with all labels and
# picking from the result is faster than gathering each document's own labels.
_DENSE_RATIO = 64


class LabelClassifier(torch.nn.Module):
    r"""One-vs-all scores :math:`\langle \mathbf{x}_i, \mathbf{w}_l \rangle + b_l`, and what each label owns.

    It holds a refinement vector and a bias a label (DECAF, Mittal et al., WSDM 2021; ECLARE, Mittal et al.,
    WWW 2021), both optional. :meth:`select` hands out the rows for a batch, to be mixed by
    :class:`LabelAttention` or :class:`GatedCombine`; :meth:`forward` scores against any label vectors, or
    against the refinement vectors themselves, which then are the classifiers.

    Args:
        num_labels: L.
        dim: size of the embeddings, D.
        refinement: hold ``weight`` of shape ``(L, D)``, initially :math:`U(-1/\sqrt{D}, 1/\sqrt{D})`.
        bias: hold ``bias`` of shape ``(L, 1)``, initially zero.
        sparse: give sparse gradients, for ``torch.optim.SparseAdam``: a step then costs the labels of the
            batch, not L.
        max_elements: size limit of the temporaries of shortlist scoring, in numbers.

    Shapes:
        - **inputs:** documents ``(B, D)``; label vectors ``(n, D)`` and biases ``(n,)``; shortlists ``(B, S)``
          of rows of the label vectors, negative where there is none
        - **output:** logits ``(B, n)``, or ``(B, S)`` with minus infinity where the shortlist is padded
    """

    weight: torch.nn.Parameter | None
    bias: torch.nn.Parameter | None

    def __init__(
        self,
        num_labels: int,
        dim: int,
        refinement: bool = True,
        bias: bool = True,
        sparse: bool = False,
        max_elements: int = 1 << 24,
    ) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.dim = dim
        self.sparse = sparse
        self.max_elements = max_elements
        self.weight = torch.nn.Parameter(torch.empty(num_labels, dim)) if refinement else None
        self.bias = torch.nn.Parameter(torch.empty(num_labels, 1)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the refinement vectors anew and zeroes the biases."""
        if self.weight is not None:
            bound = 1.0 / math.sqrt(self.dim)
            torch.nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            torch.nn.init.zeros_(self.bias)

    @torch.no_grad()
    def initialize(self, weight: Tensor | None = None, bias: Tensor | None = None) -> None:
        """Starts from given refinement vectors ``[L, D]`` (say, smoothed label text) and biases ``[L]``."""
        for name, own, value in (("weight", self.weight, weight), ("bias", self.bias, bias)):
            if value is None:
                continue
            if own is None:
                raise ValueError(f"this classifier was made without '{name}'")
            own.copy_(value.view_as(own))

    def select(self, index: Tensor | None = None) -> tuple[Tensor | None, Tensor | None]:
        """Refinement vectors ``[n, D]`` and biases ``[n]`` of labels ``index``, shape ``[n]`` (``None``: all)."""
        if index is None:
            return self.weight, None if self.bias is None else self.bias.squeeze(1)
        weight = None if self.weight is None else F.embedding(index, self.weight, sparse=self.sparse)
        bias = None if self.bias is None else F.embedding(index, self.bias, sparse=self.sparse).squeeze(1)
        return weight, bias

    def forward(
        self, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, shortlist: Tensor | None = None
    ) -> Tensor:
        """Scores documents.

        Args:
            x: shape ``[B, D]``, document embeddings.
            weight: shape ``[n, D]``, label vectors. ``None``: the refinement vectors and biases that it holds.
            bias: shape ``[n]``, or ``None`` for none.
            shortlist: shape ``[B, S]``, int64: the rows of ``weight`` to score each document against, negative
                cells being padding. ``None``: all rows.

        Returns:
            Shape ``[B, n]`` or ``[B, S]``, logits; padded cells are minus infinity.
        """
        if weight is None:
            if self.weight is None:
                raise ValueError("this classifier was made without refinement vectors: pass 'weight'")
            if bias is not None:
                raise ValueError(
                    "'bias' goes with 'weight'; the classifier's own vectors come with its own biases"
                )
            if shortlist is not None and self.sparse:
                # Only the labels at hand may get a gradient row.
                index, local = torch.unique(shortlist.clamp(min=0), return_inverse=True)
                weight, bias = self.select(index)
                shortlist = torch.where(shortlist < 0, shortlist, local)
            else:
                weight, bias = self.select()
        assert weight is not None
        if x.size(-1) != weight.size(-1):
            raise ValueError(f"documents have {x.size(-1)} dimensions, labels {weight.size(-1)}")
        if shortlist is None:
            return F.linear(x, weight, bias)
        return score_shortlist(x, weight, bias, shortlist, self.max_elements)

    def __repr__(self) -> str:
        parts = f"refinement={self.weight is not None}, bias={self.bias is not None}, sparse={self.sparse}"
        return f"{type(self).__name__}({self.num_labels}, {self.dim}, {parts})"


def score_shortlist(
    x: Tensor, weight: Tensor, bias: Tensor | None, shortlist: Tensor, max_elements: int = 1 << 24
) -> Tensor:
    """Logits of documents against their shortlists.

    Args:
        x: shape ``[B, D]``, document embeddings.
        weight: shape ``[n, D]``, label vectors.
        bias: shape ``[n]``, or ``None`` for none.
        shortlist: shape ``[B, S]``, int64, rows of ``weight``; negative cells are padding.
        max_elements: size limit of the temporaries, in numbers.

    Returns:
        Shape ``[B, S]``; padded cells are minus infinity.
    """
    if shortlist.dim() != 2 or shortlist.size(0) != x.size(0):
        raise ValueError(f"'shortlist' must have shape [{x.size(0)}, S], got {list(shortlist.shape)}")
    pad = shortlist < 0
    if weight.size(0) == 0:  # only padding can be meant
        return x.new_full(shortlist.shape, -math.inf)
    index = shortlist.clamp(min=0)
    n, num_dense = weight.size(0), x.size(0) * weight.size(0)
    if n <= _DENSE_RATIO * shortlist.size(1) and num_dense <= max_elements:
        logit = F.linear(x, weight, bias).gather(1, index)
    else:
        logit = gather_dot(x, weight, index, max_elements)
        if bias is not None:
            logit = logit + bias[index]
    return logit.masked_fill(pad, -math.inf)
