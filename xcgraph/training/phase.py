"""One phase of training: a model, its data and its optimisers, advanced epoch by epoch."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor

from xcgraph.models import LabelModel
from xcgraph.sparse import CSR, select_rows

from .candidates import CandidateSource
from .checkpoint import load_optimizer_tensors, optimizer_tensors
from .label_hops import LabelHops
from .loss import Loss, Reduction, label_loss
from .optimization import Schedule
from .seeds import derive_seed


class Phase:
    """Trains a model on documents and their labels.

    An epoch depends on the seed and on what :meth:`state` holds, and on nothing else: a run continued from a saved
    state takes the same steps as one that was never interrupted.

    Args:
        name: for logs and seeds, such as ``"ranker"``.
        model: on the device to train on.
        doc_x: training documents, CSR ``[N, V]``, or rows ``[N, F]`` for the document tower, on that device.
        y: relevant labels, ``[N, L]``, on that device.
        hops: gives the raw embeddings of labels.
        candidates: chooses the labels of a step.
        optimizers: of the model's parameters; their learning rates are the schedule's 1.
        schedule: factor of the learning rate by step.
        batch_size: documents a step.
        reduction: see :func:`~xcgraph.training.loss.label_loss`.
        loss: likewise.
        seed: of the order of documents, of candidates and of dropout.
    """

    def __init__(
        self,
        name: str,
        model: LabelModel,
        doc_x: CSR | Tensor,
        y: CSR,
        hops: LabelHops,
        candidates: CandidateSource,
        optimizers: list[torch.optim.Optimizer],
        schedule: Schedule,
        batch_size: int,
        reduction: Reduction = "document",
        loss: Loss = "bce",
        seed: int = 0,
    ) -> None:
        self.name = name
        self.model = model
        self.doc_x = doc_x
        self.y = y
        self.hops = hops
        self.candidates = candidates
        self.optimizers = optimizers
        self.schedule = schedule
        self.batch_size = batch_size
        self.reduction = reduction
        self.loss = loss
        self.seed = seed
        self.epoch = 0
        self.step = 0
        self.seconds = 0.0
        #: How callbacks show the phase.
        self.label = name
        self._rates = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]

    @property
    def num_documents(self) -> int:
        """N."""
        return self.doc_x.shape[0]

    @property
    def learning_rate(self) -> float:
        """Of the last step."""
        return float(self.optimizers[0].param_groups[0]["lr"])

    def train_epoch(self, on_step: Any = None) -> float:
        """Passes over all documents once.

        Args:
            on_step: called after each step with (documents done, mean loss so far).

        Returns:
            Mean loss a document.
        """
        start = time.perf_counter()
        seed = derive_seed(self.seed, self.name, self.epoch)
        # Dropout can only draw from torch's global generators.
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        self.model.train()
        self.hops.refresh()
        order = torch.randperm(self.num_documents, generator=generator).to(self.doc_x.device)
        total = torch.zeros((), device=self.doc_x.device)
        done = 0
        for rows in order.split(self.batch_size):
            total += self._train_step(rows, generator) * rows.numel()
            done += rows.numel()
            if on_step is not None:
                on_step(done, total)
        self.epoch += 1
        self.seconds += time.perf_counter() - start
        return float(total) / max(1, self.num_documents)

    def _train_step(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        factor = self.schedule(self.step)
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        for group, rate in zip(groups, self._rates, strict=True):
            group["lr"] = rate * factor
        step = self.candidates(rows, self.y.select_rows(rows), generator)
        document = self.model.encode_documents(select_rows(self.doc_x, rows))
        weight, bias = self.model.label_vectors(self.hops(step.labels), step.labels)
        logit = self.model.classifier(document, weight, bias, step.shortlist)
        if step.ignored is not None:
            logit = logit.index_put((step.ignored[0], step.ignored[1]), logit.new_tensor(-torch.inf))
        padded = step.shortlist is not None or step.ignored is not None
        loss = label_loss(logit, step.target, step.weight, self.reduction, self.loss, padded)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        return loss.detach()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that a continued run needs, as tensors and json values."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for number, optimizer in enumerate(self.optimizers):
            tensors |= optimizer_tensors(optimizer, f"optimizer{number}")
        return tensors, {"epoch": self.epoch, "step": self.step, "seconds": self.seconds}

    def load_state(self, tensors: dict[str, Tensor], meta: dict[str, Any]) -> None:
        """Continues from what :meth:`state` gave."""
        prefix = "model."
        self.model.load_state_dict({k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)})
        for number, optimizer in enumerate(self.optimizers):
            load_optimizer_tensors(optimizer, f"optimizer{number}", tensors)
        self.epoch, self.step, self.seconds = meta["epoch"], meta["step"], meta["seconds"]
