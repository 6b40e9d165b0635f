import torch
from safetensors.torch import load_file, save_file

from xcgraph.inference.stored_tensors import csr_from, csr_tensors, named, part_of, storable
from xcgraph.sparse import CSR


def test_only_what_needs_it_is_copied(tmp_path):
    whole, base = torch.rand(3, 4), torch.rand(6, 4)
    given = {
        "whole": whole,
        "same": whole,
        "view": base[2:4],
        "turned": whole.t(),
        "grad": torch.nn.Parameter(base),
    }
    out = storable(given)
    assert out["whole"].data_ptr() == whole.data_ptr() and out["grad"].data_ptr() == base.data_ptr()
    assert out["view"].untyped_storage().nbytes() == out["view"].nbytes
    save_file(out, tmp_path / "x.safetensors")  # refuses tensors that share memory
    loaded = load_file(tmp_path / "x.safetensors")
    assert all(torch.equal(loaded[name], value) for name, value in given.items())


def test_parts_come_back_by_name():
    tensors = {"a": torch.ones(1), "b.c": torch.zeros(2)}
    stored = {**named("part", tensors), **named("party", tensors), "part": torch.ones(3)}
    assert set(part_of(stored, "part")) == set(tensors)
    assert all(part_of(stored, "part")[name] is value for name, value in tensors.items())
    assert part_of(stored, "par") == {}


def test_sparse_matrices_come_back():
    matrix = CSR(torch.tensor([0, 2, 2]), torch.tensor([0, 4]), torch.tensor([1.0, 2.0]), (2, 5))
    stored = csr_tensors(matrix)
    assert stored["col"].dtype == torch.int32
    back = csr_from(stored, 5)
    assert back.shape == (2, 5) and back.col.dtype == torch.int64
    for name in ("rowptr", "col", "value"):
        assert torch.equal(getattr(back, name), getattr(matrix, name))
