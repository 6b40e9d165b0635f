"""Weighted bags of token embeddings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from xcgraph.sparse import CSR


class BagEmbedding(torch.nn.Module):
    r"""The token layer of DECAF (Mittal et al., WSDM 2021) and ECLARE (Mittal et al., WWW 2021).

    .. math::
        \hat{\mathbf{x}}^0_i = \sum_t x_{it} \, \mathbf{e}_t

    with :math:`x_{it}` the TF-IDF weight of token :math:`t` in text :math:`i`. Documents and labels share one
    table.

    Args:
        num_tokens: size of the vocabulary, V.
        dim: size of the embeddings, D.
        sparse: give sparse gradients, for ``torch.optim.SparseAdam``: a step then costs the tokens of the
            batch, not V.
        padding_idx: a token that counts as nothing and is never trained.
        init: ``"kaiming"`` for :math:`U(-\sqrt{6/D}, \sqrt{6/D})`, or a function that fills the table in place.

    Shapes:
        - **input:** text rows of shape ``(n, V)`` as a :class:`xcgraph.sparse.CSR`, a torch sparse tensor, a
          ``torch_sparse.SparseTensor``, or the triple ``(token [E], rowptr [n + 1], weight [E] or None)``.
        - **output:** ``(n, D)``; texts without tokens are zero.
    """

    def __init__(
        self,
        num_tokens: int,
        dim: int,
        sparse: bool = False,
        padding_idx: int | None = None,
        init: Literal["kaiming"] | Callable[[Tensor], Any] = "kaiming",
    ) -> None:
        super().__init__()
        if init != "kaiming" and not callable(init):
            raise ValueError(f"'init' must be 'kaiming' or a function, got {init!r}")
        self.num_tokens = num_tokens
        self.dim = dim
        self.sparse = sparse
        self.padding_idx = padding_idx
        self.init = init
        self.weight = torch.nn.Parameter(torch.empty(num_tokens, dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the table anew."""
        with torch.no_grad():
            if callable(self.init):
                self.init(self.weight)
            else:
                bound = math.sqrt(6.0 / self.dim)
                self.weight.uniform_(-bound, bound)
            if self.padding_idx is not None:
                self.weight[self.padding_idx].zero_()

    def forward(self, x: CSR | Tensor | tuple[Tensor, Tensor, Tensor | None] | Any) -> Tensor:
        """Embeds ``n`` texts; the shapes are those of the class."""
        if isinstance(x, tuple):
            token, rowptr, value = x
        else:
            csr = CSR.from_adj(x)
            if csr.shape[1] > self.num_tokens:
                raise ValueError(
                    f"the texts have {csr.shape[1]} token columns, the table {self.num_tokens} tokens"
                )
            token, rowptr, value = csr.col, csr.rowptr, csr.value
        weight: Tensor = self.weight
        padding_idx = self.padding_idx
        if self.sparse:
            # A gradient row a token and not one an occurrence, which the optimiser would have to sort and add up.
            present, token = torch.unique(token, return_inverse=True)
            weight = F.embedding(present, weight, padding_idx=padding_idx, sparse=True)
            if padding_idx is not None:
                token = torch.where(present[token] == padding_idx, present.numel(), token)
                weight = torch.cat([weight, weight.new_zeros(1, self.dim)])
                padding_idx = present.numel()
        return F.embedding_bag(
            token,
            weight,
            rowptr,
            mode="sum",
            per_sample_weights=None if value is None else value.to(self.weight.dtype),
            include_last_offset=True,
            padding_idx=padding_idx,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_tokens}, {self.dim}, sparse={self.sparse})"
