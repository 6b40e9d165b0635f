from __future__ import annotations

import torch

from xcgraph.training.callbacks import Callback


def test_every_hook_may_be_left_out():
    callback = Callback()
    callback.on_run_start([])
    callback.on_phase_start("a", 2, 10, 0)
    callback.on_step(5, torch.tensor(0.1))
    callback.on_epoch_end({"phase": "a", "epoch": 1, "loss": 0.5, "seconds": 1.0})
    callback.on_phase_end("a")
    callback.on_message("text")
    callback.on_run_end({})
