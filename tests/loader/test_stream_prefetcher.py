from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data

from xcgraph.loader.stream_prefetcher import StreamPrefetcher


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_gives_every_batch_in_order_and_whole():
    device = torch.device("cuda")

    def batches():
        for i in range(20):
            yield Data(x=torch.full((1 << 20,), i, device=device))

    seen = [int(batch.x.double().mean()) for batch in StreamPrefetcher(batches(), device)]
    assert seen == list(range(20))
    assert list(StreamPrefetcher(iter([]), device)) == []
