"""What label vectors were made of: kept beside a model, to explain it and to add labels to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from xcgraph.sparse import CSR

from .label_composer import LabelComposer
from .stored_tensors import csr_from, csr_tensors, named, part_of, storable

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Of a model folder.
PARTS_FILES = ("parts.json", "parts.safetensors")


_FIELDS = ("text", "composers", "share", "weights", "lexical", "rows", "removed", "rounded")


class LabelParts:
    """Texts, graphs, blocks and, where they were kept, refinement vectors and sparse rows of a model's labels.

    All matrices have R rows. A label has one, and keeps it when others go; labels that went leave theirs behind,
    since the vectors of their neighbours were made with their texts.

    Args:
        text: label texts, ``[R, V]``.
        composers: one for each instance that is joined.
        share: of each instance in the label's vector, ``[I, R]``.
        weights: of each lexical part in use, by name (``linear``, ``centroid``, ``text``).
        lexical: the parts themselves, weights multiplied in, ``[R, V]`` each; ``None`` where they were not kept.
        rows: row of each label, int64 ``[L]``; ``None``: L = R, in order.
        removed: uid and title of rows that are no labels any more.
        rounded: whether the model's numbers are rounded, or small ones left out, and these are not.
    """

    def __init__(
        self,
        text: CSR,
        composers: Sequence[LabelComposer],
        share: Tensor,
        weights: dict[str, float] | None = None,
        lexical: dict[str, CSR] | None = None,
        rows: Tensor | None = None,
        removed: dict[int, tuple[str, str]] | None = None,
        rounded: bool = False,
    ) -> None:
        num_rows = text.shape[0]
        rows = torch.arange(num_rows) if rows is None else rows
        if share.shape != (len(composers), num_rows):
            raise ValueError(f"expected shares [{len(composers)}, {num_rows}], got {list(share.shape)}")
        if rows.dim() != 1 or (rows.numel() and not 0 <= int(rows.min()) <= int(rows.max()) < num_rows):
            raise ValueError(f"expected the labels' rows to be below {num_rows}")
        for matrix in [*(lexical or {}).values(), *(c.graph for c in composers if c.graph is not None)]:
            if matrix.shape[0] != num_rows:
                raise ValueError(f"expected matrices of {num_rows} rows, got {matrix.shape[0]}")
        self.text = text
        self.composers = list(composers)
        self.share = share
        self.weights = dict(weights or {})
        self.lexical = lexical
        self.rows = rows
        self.removed = dict(removed or {})
        self.rounded = rounded

    @property
    def num_labels(self) -> int:
        """L."""
        return self.rows.numel()

    @property
    def num_tokens(self) -> int:
        """V."""
        return self.text.shape[1]

    @property
    def complete(self) -> bool:
        """Whether scores can be explained; if not, labels can still be added."""
        kept = all(c.refinement is not None or not c.has_refinement for c in self.composers)
        return kept and (self.lexical is not None or not self.weights)

    def with_lexical(self, weights: dict[str, float], lexical: dict[str, CSR]) -> LabelParts:
        """The same with lexical parts."""
        return self.replace(weights=weights, lexical=lexical)

    def without_large(self, lexical_from: float | None = None) -> LabelParts:
        """Without what explanations alone need, as large as the model: refinement vectors and lexical parts.

        Args:
            lexical_from: but with lexical parts, for a model that orders its best labels by them; without their
                entries of lesser magnitude than this. ``None`` for none.
        """
        composers = [composer.replace(refinement=None) for composer in self.composers]
        lexical = None
        if lexical_from is not None and self.lexical is not None:
            lexical = {name: table.without_small(lexical_from) for name, table in self.lexical.items()}
        return self.replace(composers=composers, lexical=lexical)

    def replace(self, **changes: Any) -> LabelParts:
        """A copy with other fields, by the names of the arguments."""
        return LabelParts(**{**{name: getattr(self, name) for name in _FIELDS}, **changes})

    # as scipy has them

    @cached_property
    def text_rows(self) -> csr_matrix:
        """``text``, as CSR rows of scipy."""
        return self.text.to_scipy()

    @cached_property
    def lexical_rows(self) -> dict[str, csr_matrix]:
        """``lexical``, as CSR rows of scipy."""
        return {name: matrix.to_scipy() for name, matrix in (self.lexical or {}).items()}

    @cached_property
    def graphs(self) -> list[csr_matrix | None]:
        """The graph of each instance, float64 so that explanations add up."""
        return [None if c.graph is None else c.graph.to_scipy().astype("float64") for c in self.composers]

    def reached(self, instance: int, rows: Any, hop: int) -> csr_matrix:
        """How much of each row's text is in the hop of rows ``[n]``: rows of the graph's power, ``[n, R]``."""
        from scipy.sparse import csr_matrix, identity

        graph = self.graphs[instance]
        if hop == 0 or graph is None:
            return csr_matrix(identity(self.text.shape[0], format="csr")[rows])
        reached = graph[rows]
        for _ in range(hop - 1):
            reached = reached @ graph
        return reached

    # on disk

    def save(self, folder: Path) -> None:
        """Writes ``PARTS_FILES`` into a folder."""
        tensors = {"share": self.share, "rows": self.rows, **named("text", csr_tensors(self.text))}
        for name, matrix in (self.lexical or {}).items():
            tensors |= named(f"lexical.{name}", csr_tensors(matrix))
        for number, composer in enumerate(self.composers):
            tensors |= named(f"composer.{number}", composer.tensors())
        save_file(storable(tensors), folder / "parts.safetensors")
        meta = {
            "num_tokens": self.num_tokens,
            "first_hop": [composer.first_hop for composer in self.composers],
            "weights": self.weights,
            "lexical": None if self.lexical is None else sorted(self.lexical),
            "removed": {str(row): names for row, names in self.removed.items()},
            "rounded": self.rounded,
        }
        (folder / "parts.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, config: dict[str, Any]) -> LabelParts | None:
        """Reads what :meth:`save` wrote; ``None`` where nothing did.

        Args:
            folder: of the model, whose files were checked.
            config: its ``config.json``, which lists them.
        """
        if not set(PARTS_FILES) <= set(config.get("files", ())):
            return None
        meta = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "parts.safetensors")
        composers = [
            LabelComposer.from_tensors(first_hop, part_of(tensors, f"composer.{number}"))
            for number, first_hop in enumerate(meta["first_hop"])
        ]

        def matrix(name: str) -> CSR:
            return csr_from(part_of(tensors, name), meta["num_tokens"])

        lexical = None
        if meta["lexical"] is not None:
            lexical = {name: matrix(f"lexical.{name}") for name in meta["lexical"]}
        return cls(
            matrix("text"),
            composers,
            tensors["share"],
            meta["weights"],
            lexical,
            tensors["rows"],
            {int(row): (uid, title) for row, (uid, title) in meta["removed"].items()},
            meta["rounded"],
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_labels} labels, {self.composers}, complete={self.complete})"
