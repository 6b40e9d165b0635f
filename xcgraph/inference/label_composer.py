"""The label side of a trained model: how text, neighbours and refinement become a label's vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xcgraph.layers import GatedSum, LabelAttention
from xcgraph.models import DECAF, ECLARE, LabelModel
from xcgraph.sparse import CSR

from .fold_block import fold_block
from .stored_tensors import csr_from, csr_tensors, named, part_of

# Labels whose attention is computed at a time.
_BLOCK = 1 << 14
_FIELDS = ("first_hop", "gate", "weight", "bias", "mix", "attention", "graph", "refinement")


class LabelComposer:
    r"""What makes label vectors, as a model in evaluation mode does.

    .. math::
        \mathbf{w}_l = \sum_j \omega_{lj} \, \mathbf{m}_j \odot \mathbf{a}_{lj}, \qquad
        \mathbf{a}_{lj} = \mathbf{g}_j \odot \mathbf{v}_{lj} + \mathbf{W}_j \, \mathrm{ReLU}(\mathbf{v}_{lj}) +
        \mathbf{b}_j, \qquad \mathbf{v}_{lj} = (\hat{\mathbf{G}}^{h_j} \mathbf{u})_l

    for the H parts made of texts, hop by hop, and :math:`\mathbf{a}_{lj} = \mathbf{r}_l` for the refinement
    vectors, which come last where there are any.

    Args:
        first_hop: of the first part: 0, the label's own text, or 1 for models without it.
        gate: :math:`\mathbf{g}`, shape ``[H, D]``.
        weight: :math:`\mathbf{W}`, shape ``[H, D, D]``.
        bias: :math:`\mathbf{b}`, shape ``[H, D]``.
        mix: :math:`\mathbf{m}`, shape ``[H, D]``, or ``[H + 1, D]`` for models with refinement vectors.
        attention: :math:`\omega`, a column for each row of ``mix``, ``[L, M]``; ``None`` for ones.
        graph: :math:`\hat{\mathbf{G}}`, ``[L, L]``; ``None`` where no part needs it.
        refinement: :math:`\mathbf{r}`, shape ``[L, D]``; ``None`` where there is none, or it was not kept.
    """

    def __init__(
        self,
        first_hop: int,
        gate: Tensor,
        weight: Tensor,
        bias: Tensor,
        mix: Tensor,
        attention: Tensor | None = None,
        graph: CSR | None = None,
        refinement: Tensor | None = None,
    ) -> None:
        self.first_hop = first_hop
        self.gate = gate
        self.weight = weight
        self.bias = bias
        self.mix = mix
        self.attention = attention
        self.graph = graph
        self.refinement = refinement

    @classmethod
    @torch.no_grad()
    def from_model(cls, model: LabelModel, hops: Callable[[], Tensor], graph: CSR | None) -> LabelComposer:
        """The label side of ``model`` as it is now; refinement vectors are shared, not copied.

        Args:
            model: DECAF or ECLARE.
            hops: gives those of all labels, ``[L, num_hops + 1, D]``, from
                :meth:`~xcgraph.models.LabelModel.label_hops`; called for attention alone.
            graph: the normalised label graph, a row a label; looked at by models with hops.
        """
        refinement = None if model.classifier.weight is None else model.classifier.weight.detach()
        ones = model.embedding.weight.new_ones
        first_hop, attention, mix = 0, None, ones(1, model.dim)
        if isinstance(model, ECLARE):
            first_hop = 0 if model.label_text else 1
            if isinstance(model.mixer, GatedSum):
                mix = model.mixer.gate.sigmoid()
            else:
                mix = ones(model.mixer.num_components, model.dim)
                attention = _attention(model, model.mixer, hops()[:, : model.num_hops + 1], refinement, first_hop)
        elif isinstance(model, DECAF) and model.gate is not None:
            mix = torch.stack([model.gate.beta.sigmoid(), model.gate.alpha.sigmoid()])
        folded = [fold_block(block) for block in model.label_blocks.blocks[first_hop:]]
        gate, weight, bias = (mix.new_empty(0, *shape) for shape in [(model.dim,), (model.dim,) * 2, (model.dim,)])
        if folded:
            gate, weight, bias = (torch.stack(part) for part in zip(*folded, strict=True))
        graph = graph if model.num_hops else None
        return cls(first_hop, gate, weight, bias, mix, attention, graph, refinement)

    @property
    def dim(self) -> int:
        """D."""
        return self.mix.size(1)

    @property
    def hops(self) -> range:
        """The hop of each part that is made of texts."""
        return range(self.first_hop, self.first_hop + self.gate.size(0))

    @property
    def has_refinement(self) -> bool:
        """Whether refinement vectors take part, kept or not."""
        return self.mix.size(0) > self.gate.size(0)

    def block(self, part: int, v: Tensor) -> Tensor:
        """:math:`\\mathbf{a}` of a part made of texts, from its hop ``[n, D]``; same shape out."""
        return self.gate[part] * v + torch.nn.functional.linear(v.relu(), self.weight[part], self.bias[part])

    def gates(self, part: int, attention: Tensor | None) -> Tensor:
        """``mix`` of a part times its attention (``[n, M]``, or ``None``), ``[n, D]`` or ``[1, D]``."""
        mix = self.mix[part].unsqueeze(0)
        return mix if attention is None else attention[:, part].unsqueeze(1) * mix

    def replace(self, **changes: Any) -> LabelComposer:
        """A copy with other fields, by the names of the arguments."""
        return LabelComposer(**{**{name: getattr(self, name) for name in _FIELDS}, **changes})

    def shifted(self, by: Tensor) -> LabelComposer:
        """A composer of the same vectors plus ``by`` (``[D]``), the parts made of texts taking equal shares of it.

        Refinement vectors take it where there are no others; with attention, which sums to one, all parts do.
        """
        refinement, bias = self.refinement, self.bias
        if self.attention is not None:
            bias = bias + by
        elif len(self.hops):
            bias = bias + by / (len(self.hops) * self.mix[: len(self.hops)])
        if refinement is not None and (self.attention is not None or not len(self.hops)):
            refinement = refinement + by / self.mix[-1]
        return self.replace(bias=bias, refinement=refinement)

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk, beside ``first_hop``."""
        tensors = {"gate": self.gate, "weight": self.weight, "bias": self.bias, "mix": self.mix}
        for name in ("attention", "refinement"):
            if (value := getattr(self, name)) is not None:
                tensors[name] = value
        if self.graph is not None:
            tensors |= named("graph", csr_tensors(self.graph))
        return tensors

    @classmethod
    def from_tensors(cls, first_hop: int, tensors: dict[str, Tensor]) -> LabelComposer:
        """What :meth:`tensors` gave."""
        parts: dict[str, Any] = {name: value for name, value in tensors.items() if "." not in name}
        if graph := part_of(tensors, "graph"):
            parts["graph"] = csr_from(graph, graph["rowptr"].numel() - 1)
        return cls(first_hop, **parts)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim}, hops={list(self.hops)}, refinement={self.has_refinement})"


def _attention(
    model: ECLARE, mixer: LabelAttention, hops: Tensor, refinement: Tensor | None, first_hop: int
) -> Tensor:
    """Attention of all labels as they are at prediction time."""
    training = model.training
    model.eval()
    found = []
    for index in torch.arange(hops.size(0), device=hops.device).split(_BLOCK):
        components = model.label_blocks.forward_hops(hops[index])[:, first_hop:]
        if refinement is not None:
            components = torch.cat([components, refinement[index].unsqueeze(1)], dim=1)
        found.append(mixer(components, return_attention_weights=True)[1])
    model.train(training)
    return torch.cat(found)
