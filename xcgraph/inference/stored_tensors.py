"""Tensors on their way to a file and back: names with dots, sparse matrices as three tensors."""

from __future__ import annotations

from torch import Tensor

from xcgraph.sparse import CSR


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


def named(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a part, named ``name.key``."""
    return {f"{name}.{key}": value for key, value in tensors.items()}


def part_of(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """What :func:`named` got; empty where there is no such part."""
    return {key[len(name) + 1 :]: value for key, value in tensors.items() if key.startswith(name + ".")}


def csr_tensors(matrix: CSR) -> dict[str, Tensor]:
    """A sparse matrix of at most 2^31 columns, as ``rowptr``, ``col`` (int32) and ``value``."""
    return {"rowptr": matrix.rowptr, "col": matrix.col.int(), "value": matrix.value}


def csr_from(tensors: dict[str, Tensor], num_columns: int) -> CSR:
    """What :func:`csr_tensors` gave."""
    rowptr = tensors["rowptr"]
    return CSR(rowptr, tensors["col"].long(), tensors["value"], (rowptr.numel() - 1, num_columns))
