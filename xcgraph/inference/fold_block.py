"""A residual block in evaluation mode as three tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from xcgraph.layers import GatedResidualBlock, ResidualBlock


@torch.no_grad()
def fold_block(block: torch.nn.Module) -> tuple[Tensor, Tensor, Tensor]:
    r"""``(gate [D], weight [D, D], bias [D])`` with :math:`R(\mathbf{v}) = \mathbf{g} \odot \mathbf{v} +
    \mathbf{W} \, \mathrm{ReLU}(\mathbf{v}) + \mathbf{b}`.

    Spectral norms and gates are constants once training is over, and are multiplied in.

    Args:
        block: a :class:`~xcgraph.layers.ResidualBlock` or :class:`~xcgraph.layers.GatedResidualBlock`.
    """
    assert isinstance(block, (ResidualBlock, GatedResidualBlock))
    training = block.training
    block.eval()  # in training mode, looking at a spectrally normalised weight changes it
    linear = block.linear.linear
    weight, bias = linear.weight.detach(), linear.bias.detach()
    if isinstance(block, GatedResidualBlock):
        gate, scale = block.alpha.sigmoid(), block.beta.sigmoid()
    else:
        gate, scale = torch.ones_like(bias), block.kappa.expand_as(bias)
    block.train(training)
    return gate, scale.unsqueeze(1) * weight, scale * bias
