"""Tensors on their way to a file."""

from __future__ import annotations

from torch import Tensor


def storable(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as safetensors takes them: on the host, contiguous, none sharing memory with another.

    Only what needs it is copied: a state can be most of the memory of a machine.
    """
    out: dict[str, Tensor] = {}
    taken: set[int] = set()
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        storage = tensor.untyped_storage()
        if storage.nbytes() != tensor.nbytes or storage.data_ptr() in taken:
            tensor = tensor.clone()
        taken.add(tensor.untyped_storage().data_ptr())
        out[name] = tensor
    return out
