"""What DECAF and ECLARE have in common."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from xcgraph.layers import GALE, BagEmbedding, GatedResidualBlock, LabelClassifier, ResidualBlock
from xcgraph.sparse import CSR

from .document_tower import DocumentTower


class LabelModel(torch.nn.Module):
    r"""Scores documents against label vectors that are made of text, graph and free parameters.

    A document is encoded as :math:`\hat{\mathbf{x}} = \mathrm{Dropout}(\mathrm{ReLU}(R_D(\sum_t x_t
    \mathbf{e}_t)))`. A label's *hops* are its raw text embedding :math:`\mathbf{u}` and, up to ``num_hops``,
    those of its neighbourhoods, :math:`\hat{\mathbf{G}}^h \mathbf{u}`; sub-classes say how hops and refinement
    vectors become the label vector :math:`\mathbf{w}_l`, in :meth:`combine`. The logit is
    :math:`\langle \hat{\mathbf{x}}, \mathbf{w}_l \rangle + b_l`.

    Hops and label vectors are functions of their own, so that a caller can precompute either: hops while token
    embeddings are frozen, label vectors once training is over.

    Args:
        num_tokens: size of the vocabulary shared by documents and labels, V.
        num_labels: L.
        dim: size of the embeddings, D.
        num_hops: hops over the label graph, 0 for none.
        residual: ``"eclare"`` or ``"decaf"``, the kind of residual block.
        dropout: within the residual blocks.
        document_dropout: of the document embedding.
        refinement: whether each label has a free vector.
        bias: whether each label has a bias.
        sparse_tokens: give the token table sparse gradients.
        sparse_labels: give refinement vectors and biases sparse gradients: a step then costs the labels of the
            batch and not L.
        document_tower: embeds documents in place of the bag of tokens, which then serves the label texts alone.
            It is called with whatever is passed as documents, such as vectors ``[B, F]`` of a frozen sentence
            encoder. If it is a module, its parameters are the model's.
    """

    def __init__(
        self,
        num_tokens: int,
        num_labels: int,
        dim: int,
        num_hops: int,
        residual: str,
        dropout: float = 0.2,
        document_dropout: float | None = None,
        refinement: bool = True,
        bias: bool = True,
        sparse_tokens: bool = False,
        sparse_labels: bool = False,
        document_tower: DocumentTower | None = None,
    ) -> None:
        super().__init__()
        self.num_tokens = num_tokens
        self.num_labels = num_labels
        self.dim = dim
        self.num_hops = num_hops
        self.dropout = dropout
        self.embedding = BagEmbedding(num_tokens, dim, sparse=sparse_tokens)
        self.document_tower = document_tower
        if document_tower is None:
            block = ResidualBlock if residual == "eclare" else GatedResidualBlock
            self.document_block = block(dim, dropout)
        self.document_dropout = torch.nn.Dropout(dropout if document_dropout is None else document_dropout)
        self.label_blocks = GALE(dim, num_hops=num_hops, residual=residual, dropout=dropout)
        self.classifier = LabelClassifier(num_labels, dim, refinement=refinement, bias=bias, sparse=sparse_labels)

    @property
    def label_offsets(self) -> list[torch.nn.Parameter]:
        """Biases of the label blocks, where each adds the same vector to all label vectors."""
        blocks: list[Any] = list(self.label_blocks.blocks)
        return [block.linear.linear.bias for block in blocks]

    @property
    def refinement(self) -> bool:
        """Whether each label has a free vector."""
        return self.classifier.weight is not None

    def encode_documents(self, x: Any) -> Tensor:
        """Embeds documents, CSR ``[B, V]`` or what the document tower takes, as ``[B, D]``.

        Without a tower the result is not negative.
        """
        if self.document_tower is None:
            return self.document_dropout(self.document_block(self.embedding(x)).relu())
        document = self.document_tower(x)
        if document.dim() != 2 or document.size(1) != self.dim:
            raise ValueError(
                f"the document tower must give embeddings of shape [B, {self.dim}], got {list(document.shape)}"
            )
        return self.document_dropout(document)

    def label_hops(self, label_x: CSR, edge_index: Any = None, edge_weight: Tensor | None = None) -> Tensor:
        """Raw text embeddings of all labels and of their neighbourhoods, shape ``[L, num_hops + 1, D]``.

        Args:
            label_x: label texts, ``[L, V]``.
            edge_index: the normalised label graph, in any form that
                :class:`~xcgraph.layers.LabelPropagation` takes; not needed without hops.
            edge_weight: shape ``[E]``.
        """
        return self.label_blocks.propagate_hops(self.embedding(label_x), edge_index, edge_weight)

    def combine(self, hops: Tensor, refinement: Tensor | None) -> Tensor:
        """Label vectors ``[n, D]`` from hops ``[n, num_hops + 1, D]`` and refinement vectors ``[n, D]``."""
        raise NotImplementedError

    def label_vectors(self, hops: Tensor, index: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Vectors ``[n, D]`` and biases ``[n]`` of labels.

        Args:
            hops: those labels' rows of :meth:`label_hops`, shape ``[n, num_hops + 1, D]``.
            index: which labels they are, shape ``[n]``. ``None``: all, in order.
        """
        if index is None and self.classifier.sparse:
            # The whole parameter would get a dense gradient, which SparseAdam does not take.
            index = torch.arange(self.num_labels, device=hops.device)
        refinement, bias = self.classifier.select(index)
        return self.combine(hops, refinement), bias

    def forward(
        self,
        doc_x: Any,
        label_x: CSR,
        edge_index: Any = None,
        edge_weight: Tensor | None = None,
        shortlist: Tensor | None = None,
    ) -> Tensor:
        """Logits of documents, everything computed anew.

        Args:
            doc_x: documents, ``[B, V]``, or what the document tower takes.
            label_x: label texts, ``[L, V]``.
            edge_index: the normalised label graph.
            edge_weight: shape ``[E]``.
            shortlist: labels to score for each document, int64 ``[B, S]``, -1 for none. ``None``: all.

        Returns:
            Shape ``[B, L]`` or ``[B, S]``.
        """
        weight, bias = self.label_vectors(self.label_hops(label_x, edge_index, edge_weight))
        return self.classifier(self.encode_documents(doc_x), weight, bias, shortlist)

    def config(self) -> dict[str, Any]:
        """What ``type(self)(**config)`` needs to make an untrained copy, as json values.

        Raises:
            ValueError: with a document tower, which json values cannot make.
        """
        if self.document_tower is not None:
            raise ValueError("a model with a document tower has no config: make the tower and the model yourself")
        return {
            "num_tokens": self.num_tokens,
            "num_labels": self.num_labels,
            "dim": self.dim,
            "dropout": self.dropout,
            "document_dropout": self.document_dropout.p,
            "refinement": self.refinement,
            "bias": self.classifier.bias is not None,
            "sparse_tokens": self.embedding.sparse,
            "sparse_labels": self.classifier.sparse,
        }
