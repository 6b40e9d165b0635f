"""From a data set to trained rankers: which phases a recipe runs, and how each starts."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from xcgraph.data import LFDataset, drop_unseen_tokens, mirrored_pairs, no_pairs, pairs_matrix, select_filter_rows
from xcgraph.inference import (
    Calibration,
    EnsembleRanker,
    LabelRanker,
    LexicalScorer,
    Reranker,
    Reranking,
    centre_labels,
    document_centroids,
    join_rankers,
)
from xcgraph.metrics import Evaluator
from xcgraph.shortlist import (
    choose_scoring,
)
from xcgraph.sparse import CSR

from .calibrate import fit_calibration
from .callbacks import Callback
from .fusion import (
    LEXICAL,
    PRIOR,
    CandidateMetrics,
    CrossFit,
    CrossFitted,
    FusionWeights,
    LexicalParts,
    candidate_scores,
    fit_reranking,
    tune_game,
    tune_lexical,
)
from .instance import InstanceTrainer
from .one_vs_all import fit_one_vs_all
from .seeds import derive_seed
from .settings import Settings
from .validation import Ranker, Validator

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

logger = logging.getLogger(__name__)


class Pipeline:
    """Trains the instances of a model as a recipe says.

    The ``default`` recipe scores all labels where that is cheap (:func:`~xcgraph.shortlist.choose_scoring`): one
    phase trains the whole model, token embeddings included, each step against the labels of its documents and a
    uniform sample of the others. Label biases start at the log-odds of their labels' frequencies, refinement
    vectors at the mean of their documents' embeddings. For larger label sets the papers' modules come first:

    * module I, ``surrogate``: labels are clustered by the tokens of their documents; the model learns token
      embeddings by predicting clusters (meta-labels);
    * module II, ``shortlister``: labels are clustered anew by embeddings; a model with refinement vectors learns
      to predict those clusters;
    * module III: refinement vectors and shortlists of the training documents;
    * module IV, ``ranker``: the model learns labels against those shortlists.

    The first instance sets validation documents aside, near-duplicates together, and finds on them when to stop
    and how much lexical scores and the label graph count beside the embeddings
    (:class:`~xcgraph.training.fusion.FusionWeights`). Further instances learn from all documents.

    The ``paper`` recipe always runs the four, with the papers' schedules, initialisations and losses.

    Args:
        data: the data set; only its training side is looked at.
        model: ``"eclare"`` or ``"decaf"``.
        recipe: ``"default"`` or ``"paper"``.
        settings: see :class:`~xcgraph.training.settings.Settings`.
        seed: of everything random.
        device: to train on.
        checkpoints: folder for the state of the run, or ``None``.
        callbacks: told of progress.
    """

    def __init__(
        self,
        data: LFDataset,
        model: str,
        recipe: str,
        settings: Settings,
        seed: int = 0,
        device: torch.device | str = "cpu",
        checkpoints: str | Path | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.data = data
        self.model_name = model
        self.recipe = recipe
        if recipe == "default":
            settings = settings.fitted(data.train_x.shape[0], data.num_labels, data.num_features, data.train_y.nnz)
        #: With what depends on the size of the data set.
        self.settings = settings
        self.seed = seed
        self.device = torch.device(device)
        self.checkpoints = Path(checkpoints) if checkpoints is not None else None
        self.callbacks = callbacks
        #: Seconds by phase, over all instances.
        self.seconds: dict[str, float] = {}
        #: What the trainer said of each phase, by ``instance/phase``.
        self.results: dict[str, dict[str, Any]] = {}
        self.scoring = choose_scoring(
            data.num_labels, settings.dim, settings.batch_size, device=self.device, override=settings.scoring
        )
        if settings.hops == "frozen" and self.scoring == "all":
            raise ValueError(
                "hops=frozen leaves token embeddings as modules I and II made them, and needs scoring=shortlist; "
                "here all labels are scored"
            )
        #: Chosen on the validation documents, if there are any.
        self.fusion: FusionWeights | None = None
        #: Likewise; orders the best labels, if that is better than fused scores alone.
        self.reranking: Reranking | None = None
        #: Likewise.
        self.calibration: Calibration | None = None
        self.label_x = CSR.from_scipy(data.label_x).to(self.device)

    def fit(self) -> EnsembleRanker:
        """Trains all instances (or what a resumed run has left to do)."""
        settings = self.settings
        everything = np.arange(self.data.train_x.shape[0])
        fit_rows, val_rows = everything, everything[:0]
        if settings.validation_fraction > 0:
            fit_rows, val_rows = self.data.split_validation(
                settings.validation_fraction,
                settings.validation_documents,
                seed=derive_seed(self.seed, "split"),
                keep_duplicates_together=True,
                keep_labels=False,
            )
        known = np.bincount(self.data.train_y[fit_rows].indices, minlength=self.data.num_labels) > 0
        validator = self._validator(fit_rows, val_rows, known)
        members = [InstanceTrainer(self, 0, fit_rows, validator).fit()]
        fused: Ranker = members[0]
        if settings.fusion:
            self.fusion, fused = self._tune(members[0], fit_rows, validator)
        if validator is not None:
            self._calibrate(fused, validator)
        del fused  # with a lexical table of its own
        # The others learn from the validation documents too, for as long as the first one found best.
        epochs = self.results["0/ranker"]["best_epoch"] if validator is not None else None
        for number in range(1, settings.instances):
            members.append(InstanceTrainer(self, number, everything, None, epochs).fit())
        knows = [torch.from_numpy(known), *[None] * (len(members) - 1)]
        if settings.label_loss == "softmax":
            members = [centre_labels(member, those) for member, those in zip(members, knows, strict=True)]
        if self.scoring == "all" and self.recipe == "default":
            members = [join_rankers(members, knows)]
        if self.fusion is not None:
            with self.timed("fusion"):
                parts = self._lexical(everything)
                lexical = parts.scorer(self.fusion, self.device)
                bias = parts.weighted_bias(self.fusion, self.device)
                weights, tables = parts.weighted(self.fusion)
                reranker = None
                if self.reranking is not None:
                    reranker = Reranker(self.reranking.with_count(self._counts(everything)), tables)
            for member in members:
                self._fuse(member, lexical, bias, self.fusion.game)
                if member.parts is not None:
                    member.parts = member.parts.with_lexical(weights, tables)
                member.reranker = reranker
        return EnsembleRanker(members)

    def _validator(self, fit_rows: np.ndarray, rows: np.ndarray, known: np.ndarray) -> Validator | None:
        if len(rows) == 0:
            return None
        mirrored = no_pairs()
        if len(self.data.test_filter):  # test documents are freed of mirrored pairs, so these must be
            uids = self.data.train_uids
            mirrored = mirrored_pairs(
                self.data.train_y[fit_rows], [uids[row] for row in fit_rows], [uids[row] for row in rows],
                self.data.label_uids,
            )  # fmt: skip
        x = self.data.train_x
        return Validator(
            CSR.from_scipy(drop_unseen_tokens(x[rows], x[fit_rows], self.data.label_x)).to(self.device),
            self.data.train_y[rows],
            Evaluator(self.data.train_y, self.data.propensity),
            np.concatenate([select_filter_rows(self.data.train_filter, rows), mirrored]),
            known=known,
        )

    def _tune(
        self, ranker: LabelRanker, rows: np.ndarray, validator: Validator | None
    ) -> tuple[FusionWeights, Ranker]:
        """Weights of lexical and graph scores, for a ranker trained on ``rows``, and the ranker with them.

        Without validation documents, it is returned as it was. Where its best labels get a new order, each
        validation document is ranked by what has not seen it.
        """
        if validator is None:
            self.tell("fusion: no validation documents to choose weights by; they stay as they start")
            weights = FusionWeights(**{name: getattr(PRIOR, name) for name in self.lexical_names})
            self.results["fusion"] = {"weights": weights.as_dict(), "best": {}}
            return weights, ranker
        with self.timed("fusion"):
            parts = self._lexical(rows)
            scores = candidate_scores(ranker, parts, validator.doc_x)
            candidates = CandidateMetrics(scores, validator)
            weights = tune_lexical(candidates, self.lexical_names, seed=derive_seed(self.seed, "fusion"))
            metrics = validator.evaluate(scores.index, scores.fused(weights))
            lexical, bias = parts.scorer(weights, self.device), parts.weighted_bias(weights, self.device)
        cross = self._fit_reranking(candidates, weights, parts, rows)
        rerankers: list[Reranker] = []
        if cross is not None:
            served = Reranker(cross.learned, parts.weighted(weights)[1])
            rerankers = [served.with_learned(one) for one in cross.of_fold]

        def make(mix: float) -> Ranker:
            fused = self._fuse(copy.copy(ranker), lexical, bias, mix)
            return fused if cross is None else CrossFitted(fused, rerankers, cross.fold)

        with self.timed("fusion"):
            if cross is not None:
                metrics = validator(make(0.0))
            if ranker.expansion is not None and self.settings.fuse_game:
                mix, metrics = tune_game(make, validator, metrics)
                weights = replace(weights, game=mix)
        self.results["fusion"] = {"weights": weights.as_dict(), "best": metrics}
        before = metrics if cross is None else candidates(weights)
        shown = ", ".join(f"{name} {value:g}" for name, value in weights.as_dict().items())
        self.tell(f"fusion: {shown}; {_validation(before)}")
        if cross is not None:
            self.tell(f"rerank: the best labels get a new order; {_validation(metrics)}")
        elif "rerank" in self.results:
            self.tell("rerank: fused scores order the best labels as well as anything that was learned")
        return weights, make(weights.game)

    def _fit_reranking(
        self, candidates: CandidateMetrics, weights: FusionWeights, parts: LexicalParts, rows: np.ndarray
    ) -> CrossFit | None:
        # Members that shortlist are averaged by their probabilities, not joined: there is no one order of theirs.
        if not self.settings.rerank or self.scoring != "all" or self.recipe != "default":
            return None
        with self.timed("rerank"):
            seed = derive_seed(self.seed, "rerank")
            cross = fit_reranking(candidates, weights, parts, self._counts(rows), seed)
        if cross is None:
            self.results["rerank"] = {"kept": False}
            return None
        self.reranking = cross.learned
        self.results["rerank"] = {"kept": True, "mix": cross.learned.mix, "best": cross.metrics}
        return cross

    def _counts(self, rows: np.ndarray) -> Tensor:
        """Of each label, how many of the training documents ``rows`` it has, ``[L]``."""
        return torch.from_numpy(np.bincount(self.data.train_y[rows].indices, minlength=self.data.num_labels))

    def _calibrate(self, ranker: Ranker, validator: Validator) -> None:
        """Fits :attr:`calibration` to a ranker that has not seen the validation documents."""
        with self.timed("calibration"):
            self.calibration, report = fit_calibration(
                *validator.judge(ranker), seed=derive_seed(self.seed, "calibration")
            )
        self.results["calibration"] = report
        if self.calibration is None:
            self.tell(f"calibration: none, by {report['documents']} validation documents; scores stay as they are")
        else:
            error = [report[when]["ECE@5"] for when in ("before", "after")]
            self.tell(f"calibration: {report['kind']}; ECE@5 {error[0]:.2f} before, {error[1]:.2f} after")

    def _lexical(self, rows: np.ndarray) -> LexicalParts:
        """Sparse rows of the labels, learned from training documents ``rows``."""
        x, y = self.data.train_x[rows], self.data.train_y[rows]
        names = self.lexical_names
        parts: dict[str, csr_matrix] = {}
        bias: dict[str, Tensor] = {}
        if "linear" in names:
            linear = fit_one_vs_all(
                x, y, self.unknown_pairs(rows), negatives=self.settings.linear_negatives,
                near=self.settings.linear_near, seed=derive_seed(self.seed, "linear"),
                num_threads=torch.get_num_threads(),
            )  # fmt: skip
            parts["linear"], bias["linear"] = linear.weight, torch.from_numpy(linear.bias)
        if "centroid" in names:
            parts["centroid"] = document_centroids(x, y)
        if "text" in names:
            parts["text"] = self.data.label_x
        return LexicalParts(parts, bias)

    @property
    def lexical_names(self) -> list[str]:
        """Lexical parts in use."""
        return [name for name in LEXICAL if getattr(self.settings, f"fuse_{name}")]

    @staticmethod
    def _fuse(ranker: LabelRanker, lexical: LexicalScorer | None, bias: Tensor | None, game: float) -> LabelRanker:
        """Puts the parts that have a weight into a ranker; one table serves all that it is given to."""
        ranker.lexical = lexical
        if bias is not None:
            ranker.bias = bias if ranker.bias is None else ranker.bias + bias
        if ranker.expansion is not None:
            ranker.expansion = replace(ranker.expansion, mix=game)
        return ranker

    def unknown_pairs(self, rows: np.ndarray) -> csr_matrix | None:
        """Filter pairs of training documents ``rows``, ``[len(rows), L]``: no negatives, unless settings say so.

        ``None`` if there are none, or they are negatives.
        """
        pairs = select_filter_rows(self.data.train_filter, rows)
        if len(pairs) == 0 or not self.settings.mask_filtered:
            return None
        return pairs_matrix(pairs, (len(rows), self.data.num_labels))

    def timed(self, name: str) -> _Timer:
        """Adds the time of a ``with`` block to :attr:`seconds`."""
        return _Timer(self.seconds, name)

    def tell(self, text: str) -> None:
        """Passes a message to the callbacks."""
        for callback in self.callbacks:
            callback.on_message(text)


def _validation(metrics: dict[str, float]) -> str:
    return f"validation P@1 {metrics['P@1']:.2f}, PSP@5 {metrics['PSP@5']:.2f}"


class _Timer:
    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self.seconds = seconds
        self.name = name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.name] = self.seconds.get(self.name, 0.0) + time.perf_counter() - self.start
