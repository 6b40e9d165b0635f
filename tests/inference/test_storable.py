import torch
from safetensors.torch import load_file, save_file

from xcgraph.inference.storable import storable


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
