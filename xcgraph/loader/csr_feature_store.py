"""Sparse features of nodes, held once and handed out by rows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data, FeatureStore, TensorAttr

from xcgraph.data import atomic_folder
from xcgraph.sparse import CSR

_INDEX_FILE = "features.json"
_ARRAYS = ("rowptr", "col", "value")


class CSRFeatureStore(FeatureStore):
    """Label texts as sparse rows, attached to batches by ``n_id`` and never made dense.

    PyG's loaders cannot filter sparse features that lie in ``Data``. Here they lie beside it: hand the store to
    :class:`LabelNeighborLoader` as ``features``, or its :meth:`attach` to any PyG loader as ``transform``; each
    batch then has the rows of its nodes as a :class:`xcgraph.sparse.CSR` that :class:`xcgraph.layers.BagEmbedding`
    takes.

    Columns are held as int32, values as float32. Matrices are known by a name (``attr_name``), and are those of
    nodes: ``group_name`` is ``None``.

    Args:
        **matrices: by name, what :meth:`xcgraph.sparse.CSR.from_adj` takes, each of shape ``[L, V]``.
    """

    def __init__(self, **matrices: Any) -> None:
        super().__init__()
        # PyG reads and writes attributes of stores as features.
        self.__dict__["_matrices"] = {}
        for name, matrix in matrices.items():
            self.put_tensor(matrix, group_name=None, attr_name=name, index=None)

    def select(self, name: str, index: Tensor) -> CSR:
        """Rows ``index`` (``[n]``, any order, repeats allowed) of a matrix, on the device of ``index``.

        Raises:
            KeyError: there is no matrix of that name.
            IndexError: a row is out of range.
        """
        matrix = self._matrices[name]
        if index.numel() > 0:
            low, high = (int(bound) for bound in index.aminmax())
            if low < 0 or high >= matrix.shape[0]:
                wrong = low if low < 0 else high
                raise IndexError(f"expected rows from 0 to {matrix.shape[0] - 1} of {name!r}, got {wrong}")
        rows = matrix.select_rows(index.to(matrix.device))
        return CSR(rows.rowptr, rows.col.long(), rows.value, rows.shape).to(index.device)

    def attach(self, batch: Data) -> Data:
        """Sets every matrix's rows ``batch.n_id`` as an attribute of its name; returns the batch."""
        for name in self._matrices:
            batch[name] = self.select(name, batch.n_id)
        return batch

    def save(self, folder: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Writes ``features.json`` and ``NAME.rowptr.npy``, ``NAME.col.npy``, ``NAME.value.npy`` for each matrix.

        Raises:
            FileExistsError: the folder holds files already, and ``overwrite`` is not set.
        """
        with atomic_folder(folder, overwrite) as work:
            for name, matrix in self._matrices.items():
                for part in _ARRAYS:
                    np.save(work / f"{name}.{part}.npy", getattr(matrix, part).cpu().numpy())
            shapes = {name: list(matrix.shape) for name, matrix in self._matrices.items()}
            (work / _INDEX_FILE).write_text(json.dumps({"shapes": shapes}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | os.PathLike[str], mmap: bool = True) -> CSRFeatureStore:
        """From what :meth:`save` wrote; with ``mmap`` rows are read from the files as they are asked for.

        Raises:
            ValueError: a file is missing or does not hold what it should.
        """
        store = cls()
        for name, (num_rows, num_cols) in _read_shapes(Path(folder)).items():
            # Copy on write, since torch knows no read-only tensors: the files stay as they are.
            paths = [Path(folder) / f"{name}.{part}.npy" for part in _ARRAYS]
            try:
                arrays = [np.load(path, mmap_mode="c" if mmap else None, allow_pickle=False) for path in paths]
                rowptr, col, value = (torch.from_numpy(np.asarray(array)) for array in arrays)
                matrix = CSR(rowptr, col, value, (num_rows, num_cols))
                if rowptr.dtype != torch.long or int(rowptr[0]) != 0 or int(rowptr[-1]) != col.numel():
                    raise ValueError(f"'rowptr' does not fit the {col.numel()} entries of 'col'")
            except (OSError, TypeError, ValueError) as error:
                raise ValueError(f"{folder}: expected the matrix {name!r} as it was saved ({error})") from error
            store._matrices[name] = matrix
        return store

    # What PyG asks of a feature store.

    def _put_tensor(self, tensor: Any, attr: TensorAttr) -> bool:
        name = _name(attr)
        if attr.index is not None:
            raise ValueError(f"expected all rows of {name!r} at once (index=None), got an index")
        if not name.isidentifier():
            raise ValueError(f"expected a name like 'x', got {name!r}")
        csr = CSR.from_adj(tensor)
        if csr.shape[1] > 2**31 - 1:
            raise ValueError(f"expected at most {2**31 - 1} columns, got {csr.shape[1]}")
        self._matrices[name] = CSR(csr.rowptr, csr.col.to(torch.int32), csr.value.float(), csr.shape)
        return True

    def _get_tensor(self, attr: TensorAttr) -> CSR | None:
        name = _name(attr)
        if name not in self._matrices:
            return None
        if attr.index is None:
            index = torch.arange(self._matrices[name].shape[0])
        elif isinstance(attr.index, slice):
            index = torch.arange(self._matrices[name].shape[0])[attr.index]
        else:
            index = torch.as_tensor(attr.index).view(-1)
        return self.select(name, index)

    def _remove_tensor(self, attr: TensorAttr) -> bool:
        return self._matrices.pop(_name(attr), None) is not None

    def _get_tensor_size(self, attr: TensorAttr) -> tuple[int, ...] | None:
        matrix = self._matrices.get(_name(attr))
        return None if matrix is None else matrix.shape

    def get_all_tensor_attrs(self) -> list[TensorAttr]:
        """One for each matrix, without an index."""
        return [self._tensor_attr_cls(group_name=None, attr_name=name) for name in self._matrices]

    def __repr__(self) -> str:
        held = ", ".join(f"{name}={matrix}" for name, matrix in self._matrices.items())
        return f"{type(self).__name__}({held})"


def _name(attr: TensorAttr) -> str:
    if attr.group_name is not None:
        raise ValueError(f"expected group_name=None (there is one type of node), got {attr.group_name!r}")
    return str(attr.attr_name)


def _read_shapes(folder: Path) -> dict[str, tuple[int, int]]:
    path = folder / _INDEX_FILE
    try:
        shapes = json.loads(path.read_text(encoding="utf-8"))["shapes"]
        checked = {name: (int(shape[0]), int(shape[1])) for name, shape in shapes.items() if name.isidentifier()}
        if len(checked) != len(shapes):
            raise ValueError("a name is no name")
    except OSError as error:
        raise ValueError(f"{folder}: expected a folder of features with {_INDEX_FILE} ({error})") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{path}: expected the names and shapes of matrices ({error})") from error
    return checked
