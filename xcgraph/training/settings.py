"""Every number that a run depends on, and the recipes that set them."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

ModelName = Literal["eclare", "decaf"]
RecipeName = Literal["default", "paper"]


SPARSE_TABLE = 1 << 24
"""Tables with more numbers than this get sparse gradients, so that a step costs the rows it uses; below, one pass
of Adam over the whole table is faster than sorting out the rows."""

SHORTLIST_WIDTH = 512
"""Labels a training document's shortlist keeps in the default recipe; a few of them are drawn in each step."""

# Documents a label, from which the default recipe takes binary cross-entropy for its loss.
_DENSE = 15


@dataclass(frozen=True)
class Settings:
    """Settings of a run; ``--set key=value`` on the command line changes any of them.

    The defaults are those of the ``default`` recipe; :func:`make_settings` applies the ``paper`` recipe.
    """

    # Model
    dim: int = 512
    dropout: float = 0.2
    document_dropout: float = 0.5
    num_hops: int = 1
    label_bias: bool = True
    combine: Literal["gate", "attention"] = "gate"
    refinement: bool = True
    label_text: bool = True
    instances: int = 2

    # Label graph
    graph: Literal["walk", "cooccurrence", "text", "none"] = "walk"
    restart: float = 0.8
    walk_length: int = 400
    graph_top_k: int = 10
    head_threshold: int = 500
    prune_max_dist: float = 1.0

    # Optimisation
    loss: Literal["auto", "softmax", "bce"] = "auto"
    batch_size: int = 128
    learning_rate: float = 5e-3
    epochs: int = 8
    min_steps: int = 300
    max_steps: int = 4000
    min_epochs: int = 4
    max_epochs: int = 40
    epoch_steps: int = 500
    max_table: int = 1 << 26
    patience: int = 3
    warmup: float = 0.05
    negatives: int = 1024
    mask_filtered: bool = True
    validation_fraction: float = 0.1
    validation_documents: int = 3000

    # Scale
    hops: Literal["auto", "exact", "stale", "frozen", "sampled"] = "auto"
    fan_out: int = 11
    frozen_hops: Literal["memory", "disk"] = "memory"
    optimizer_state: Literal["full", "rowwise"] = "full"

    # Scoring
    scoring: Literal["auto", "all", "shortlist"] = "auto"
    fusion: bool = True
    fuse_linear: bool = True
    fuse_centroid: bool = True
    fuse_text: bool = True
    fuse_game: bool = True
    rerank: bool = True
    linear_negatives: int = 4000
    linear_near: int = 1000
    game: float = 0.0
    top_k: int = 100

    # Shortlister (with all labels scored, of no effect)
    cluster_size: int = 4
    beam: int = 50
    hard_negatives: int = 16
    surrogate_epochs: int = 10
    shortlister_epochs: int = 5

    # The paper's schedule, of effect in the paper recipe only
    surrogate_learning_rate: float = 0.01
    ranker_learning_rate: float = 0.008
    ranker_epochs: int = 10
    surrogate_dropout: float = 0.5

    # What a run tells; no result depends on it
    log: Literal["json", "tensorboard"] = "json"

    def fitted(self, num_documents: int, num_labels: int, num_tokens: int, num_pairs: int) -> Settings:
        """What the default recipe makes of settings for data of a size.

        Where token and label vectors of ``dim`` would have more than ``max_table`` numbers, ``dim`` is 5/8 of it;
        the batch is doubled, and the rate grows with its square root, until an epoch has at most ``epoch_steps``
        steps. Both keep the time of a run within bounds. A ``loss`` of ``auto`` is binary cross-entropy where
        labels have many documents: softmax makes the labels of a document rivals, which costs frequent ones most.

        Args:
            num_documents: N of training documents.
            num_labels: L.
            num_tokens: V.
            num_pairs: of a training document and a label of it.
        """
        loss = self.loss
        if loss == "auto":
            loss = "bce" if num_pairs >= _DENSE * num_labels else "softmax"
        dim, batch_size = self.dim, self.batch_size
        if (num_tokens + num_labels) * dim > self.max_table:
            dim = max(1, dim * 5 // 8)
        while num_documents > batch_size * self.epoch_steps:
            batch_size *= 2
        rate = self.learning_rate * math.sqrt(batch_size / self.batch_size)
        return dataclasses.replace(self, loss=loss, dim=dim, batch_size=batch_size, learning_rate=rate)

    @property
    def label_loss(self) -> Literal["softmax", "bce"]:
        """The loss of the ranker, of settings that are :meth:`fitted`.

        Raises:
            ValueError: if they are not.
        """
        if self.loss == "auto":
            raise ValueError("'loss' depends on the size of the data: 'Settings.fitted' chooses it")
        return self.loss

    def updated(self, changes: dict[str, Any]) -> Settings:
        """A copy with some settings changed."""
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """All settings that results depend on, as json values."""
        values = dataclasses.asdict(self)
        del values["log"]
        return values


#: What the paper recipe changes, by model: the settings published for LF-AmazonTitles-131K (DECAF, WSDM 2021,
#: supplement; ECLARE, WWW 2021).
PAPER: dict[str, dict[str, Any]] = {
    "eclare": {
        "dim": 300,
        "document_dropout": 0.2,
        "label_bias": False,
        "combine": "attention",
        "loss": "bce",
        "fusion": False,
        "validation_fraction": 0.0,
        "instances": 3,
        "batch_size": 255,
        "scoring": "shortlist",
        "game": 0.5,
        "beam": 50,
        "surrogate_epochs": 20,
        "shortlister_epochs": 10,
        "surrogate_learning_rate": 0.005,
        "ranker_learning_rate": 0.004,
        "surrogate_dropout": 0.2,
    },
    "decaf": {
        "dim": 300,
        "loss": "bce",
        "fusion": False,
        "validation_fraction": 0.0,
        "document_dropout": 0.2,
        "instances": 3,
        "batch_size": 255,
        "scoring": "shortlist",
        "beam": 200,
        "surrogate_epochs": 20,
        "shortlister_epochs": 10,
        "surrogate_learning_rate": 0.01,
        "ranker_learning_rate": 0.008,
        "surrogate_dropout": 0.5,
    },
}

_FAST = {
    "dim": 160, "instances": 1, "epochs": 4, "min_epochs": 2, "max_steps": 2000, "linear_negatives": 1000,
    "linear_near": 500,
}  # fmt: skip
#: Bundles of settings that ``preset=NAME`` stands for, by name and model. ``fast`` gives up a little accuracy for
#: much time; the others belong to the paper recipe and are the settings published for a data set where
#: they differ from :data:`PAPER` (cluster sizes from the published numbers of clusters).
PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "fast": {"eclare": _FAST, "decaf": _FAST},
    "LF-AmazonTitles-131K": {"eclare": {}, "decaf": {}},
    "LF-WikiSeeAlsoTitles-320K": {
        "eclare": {
            "beam": 30, "cluster_size": 3, "surrogate_learning_rate": 0.01, "ranker_learning_rate": 0.008,
        },
        "decaf": {"beam": 160, "cluster_size": 3},
    },
    "LF-AmazonTitles-1.3M": {
        "eclare": {"dim": 512, "beam": 50, "cluster_size": 10},
        "decaf": {"dim": 512, "beam": 100, "cluster_size": 10, "dropout": 0.5, "document_dropout": 0.5},
    },
}  # fmt: skip


def make_settings(
    model: str = "eclare", recipe: str = "default", overrides: Iterable[str] | dict[str, Any] = ()
) -> Settings:
    """Settings of a recipe with changes.

    Args:
        model: ``"eclare"`` or ``"decaf"``.
        recipe: ``"default"``, or ``"paper"`` for the four modules with the papers' settings.
        overrides: ``"key=value"`` strings, or a dictionary. The key ``preset`` names a bundle of
            ``PRESETS``, which other keys change further.

    Raises:
        ValueError: for an unknown model, recipe, preset or key, or a value that does not fit.
    """
    if model not in PAPER:
        raise ValueError(f"'model' must be 'eclare' or 'decaf', got {model!r}")
    if recipe not in ("default", "paper"):
        raise ValueError(f"'recipe' must be 'default' or 'paper', got {recipe!r}")
    changes: dict[str, Any] = dict(PAPER[model]) if recipe == "paper" else {}
    if model == "decaf":
        changes |= {"graph": "none", "num_hops": 0, "game": 0.0}
    if not isinstance(overrides, dict):
        overrides = dict(_split(item) for item in overrides)
    if "preset" in overrides:
        overrides = dict(overrides)
        changes |= _preset(overrides.pop("preset"), model, recipe)
    for key, value in overrides.items():
        changes[key] = _coerce(key, value)
    settings = Settings().updated(changes)
    _check(settings, model)
    if recipe == "paper" and settings.loss == "auto":
        raise ValueError("loss=auto belongs to the default recipe, got recipe 'paper'")
    return settings


def _preset(name: str, model: str, recipe: str) -> dict[str, Any]:
    if name not in PRESETS:
        raise ValueError(f"'preset' must be one of {', '.join(PRESETS)}, got {name!r}")
    expected = "default" if name == "fast" else "paper"
    if recipe != expected:
        raise ValueError(f"preset={name} belongs to the {expected} recipe, got recipe {recipe!r}")
    return PRESETS[name][model]


def _split(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals:
        raise ValueError(f"expected key=value, got {item!r}")
    return key.strip(), value.strip()


def _coerce(key: str, value: Any) -> Any:
    hints = typing.get_type_hints(Settings)
    if key not in hints:
        close = difflib.get_close_matches(key, hints, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(hints))}"
        raise ValueError(f"no setting is called {key!r}{hint}")
    kind = hints[key]
    if typing.get_origin(kind) is Literal:
        if value not in typing.get_args(kind):
            raise ValueError(f"{key!r} must be one of {', '.join(typing.get_args(kind))}, got {value!r}")
        return value
    if isinstance(kind, types.UnionType):
        if value is None or str(value).lower() == "none":
            return None
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if kind is bool:
        names = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if str(value).lower() not in names:
            raise ValueError(f"{key!r} must be true or false, got {value!r}")
        return names[str(value).lower()]
    try:
        number = float(value)
        if not math.isfinite(number) or (kind is int and number != int(number)):
            raise ValueError
        return kind(number)
    except (TypeError, ValueError):
        noun = "a whole number" if kind is int else "a number"
        raise ValueError(f"{key!r} must be {noun}, got {value!r}") from None


def _check(settings: Settings, model: str) -> None:
    for name in (
        "dim", "instances", "walk_length", "graph_top_k", "batch_size", "epochs", "min_steps", "max_steps",
        "min_epochs", "max_epochs", "patience", "epoch_steps", "max_table", "negatives", "top_k", "cluster_size",
        "beam", "hard_negatives", "surrogate_epochs", "shortlister_epochs", "ranker_epochs", "linear_negatives",
        "learning_rate", "surrogate_learning_rate", "ranker_learning_rate", "fan_out",
    ):  # fmt: skip
        if getattr(settings, name) <= 0:
            raise ValueError(f"{name!r} must be positive, got {getattr(settings, name)}")
    for name in ("dropout", "document_dropout", "surrogate_dropout", "validation_fraction"):
        if not 0 <= getattr(settings, name) < 1:
            raise ValueError(f"{name!r} must be at least 0 and below 1, got {getattr(settings, name)}")
    for name in ("restart", "game", "warmup"):
        if not 0 <= getattr(settings, name) <= 1:
            raise ValueError(f"{name!r} must be between 0 and 1, got {getattr(settings, name)}")
    if settings.linear_near < 0:
        raise ValueError(f"'linear_near' must not be negative, got {settings.linear_near}")
    if model == "decaf" and (settings.graph != "none" or settings.num_hops or settings.game):
        raise ValueError("DECAF uses no label graph: 'graph', 'num_hops' and 'game' must stay none, 0 and 0")
    if model == "decaf" and not (settings.refinement and settings.label_text):
        raise ValueError("DECAF mixes label text and refinement vectors: both must stay")
    if model == "eclare" and not (settings.refinement or settings.label_text or settings.num_hops):
        raise ValueError("a label needs its text, a hop over the graph or a refinement vector: all three are off")
    if model == "eclare" and settings.graph == "none" and (settings.num_hops or settings.game):
        raise ValueError("without a label graph (graph=none), 'num_hops' and 'game' must be 0")
