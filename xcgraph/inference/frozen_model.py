"""A frozen model on disk: an index in one safetensors file, with vectoriser and label names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from xcgraph.data import Vectorizer
from xcgraph.data.atomic import atomic_folder

from .clustered_labels import ClusteredLabels
from .folder_parts import check_counts, read_config, read_parts, readable, write_parts
from .freeze import Shortlist, freeze
from .frozen_beam_search import FrozenBeamSearch
from .frozen_encoder import FrozenEncoder
from .frozen_ensemble import FrozenEnsemble
from .frozen_expansion import FrozenExpansion
from .frozen_index import FrozenIndex
from .label_parts import LabelParts
from .model_folder import StoredModel
from .projected_labels import ProjectedLabels
from .reranker import load_reranker
from .row_matrix import Dtype, RowMatrix
from .stored_tensors import named, part_of
from .token_postings import TokenPostings

_INDEX = "index.safetensors"
_SHORTLISTS = {ProjectedLabels: "projection", ClusteredLabels: "clusters", FrozenBeamSearch: "trained"}


@dataclass
class FrozenModel:
    """A :class:`FrozenIndex`, or several, and what turns texts into its features and labels into names.

    Args:
        index: ready to rank.
        vectorizer: ``None`` for a model of features that came without texts.
        label_uids: names of the labels, L.
        label_titles: titles of the labels, L.
        config: json values kept beside, those of the trained model.
        parts: what label vectors were made of, or ``None``; not needed to rank.
    """

    index: FrozenIndex | FrozenEnsemble
    vectorizer: Vectorizer | None
    label_uids: list[str]
    label_titles: list[str]
    config: dict[str, Any]
    parts: LabelParts | None = None

    @property
    def one_index(self) -> FrozenIndex:
        """The index of a model that has one alone, by which every label can be scored.

        Raises:
            ValueError: if it has several members, whose scores are averaged, or was trained with a shortlist.
        """
        reason = "averages several members" if isinstance(self.index, FrozenEnsemble) else ""
        if isinstance(self.index, FrozenIndex) and isinstance(self.index.shortlist, FrozenBeamSearch):
            reason = "was trained with a shortlist of its own"
        if reason or not isinstance(self.index, FrozenIndex):
            raise ValueError(f"this model {reason}: it can neither be explained nor get other labels")
        return self.index

    @classmethod
    def freeze(
        cls,
        model: StoredModel,
        dtype: Dtype = "float32",
        shortlist: Shortlist = "auto",
        min_weight: float = 0.0,
        explain: bool = True,
        rerank: bool = True,
        **options: Any,
    ) -> FrozenModel:
        """Of a trained model, see :func:`~xcgraph.inference.freeze`; an index for each of its members.

        Args:
            model: the trained model.
            dtype: see there.
            shortlist: see there.
            min_weight: see there.
            explain: keep what explanations need, which is larger than an index of int8.
            rerank: keep the new order of the best labels, if the model has one, and the sparse rows that it needs.
            options: see there.

        Raises:
            ValueError: if an option is out of range, or not for a model with a shortlist of its own.
        """
        first = model.ranker.members[0]
        members = []
        for member in model.ranker.members:
            members.append(freeze(member, dtype, shortlist, min_weight, **options))
            if member.lexical is first.lexical:
                members[-1].postings = members[0].postings  # one table serves all
        learned = first.reranker.learned if rerank and first.reranker is not None else None
        config = {key: value for key, value in model.config.items() if key not in ("members", "files")}
        parts = model.ranker.members[0].parts
        if parts is not None:
            parts = parts.replace(rounded=dtype != "float32" or min_weight > 0)
            parts = parts if explain else parts.without_large(None if learned is None else min_weight)
            members[0] = members[0].replace(reranker=None if learned is None else learned.bind(parts))
        index = members[0] if len(members) == 1 else FrozenEnsemble(members, model.ranker.depth)
        return cls(index, model.vectorizer, model.label_uids, model.label_titles, config, parts)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes a model folder.

        Raises:
            FileExistsError: if ``folder`` holds files.
        """
        tensors, description = _pack(self.index)
        with atomic_folder(folder) as work:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, work / _INDEX)
            if self.parts is not None:
                self.parts.save(work)
            config = {**self.config, "index": description}
            write_parts(work, "frozen", self.vectorizer, self.label_uids, self.label_titles, config)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], verify: bool = True) -> FrozenModel:
        """Reads what :meth:`save` wrote; tensors stay in the file until they are used.

        Args:
            folder: of the model.
            verify: compare the checksums of all files (about a second a GB); sizes are always compared.

        Raises:
            FileNotFoundError: if ``folder`` is no model folder.
            ValueError: if it is of a newer version, not frozen, or damaged.
        """
        folder = Path(folder)
        with readable(folder):
            config = read_config(folder)
            if config.get("kind") != "frozen":
                raise ValueError("it is not frozen: load it by Predictor.load or load_model")
            parts = read_parts(folder, config, [_INDEX], verify)
            tensors = load_file(folder / _INDEX)
            index = _unpack(tensors, config["index"])
            made = LabelParts.load(folder, config)
            if made is not None:
                check_counts(parts, {made.num_labels}, {made.num_tokens})
            for member in _members(index):
                check_counts(parts, {member.num_labels}, {encoder.tokens.shape[0] for encoder in member.encoders})
                if member.postings is not None:
                    check_counts(parts, {member.postings.num_labels}, {member.postings.num_tokens})
            if isinstance(index, FrozenIndex):
                index = index.replace(reranker=load_reranker(tensors, config["index"], made))
        return cls(index, parts.vectorizer, parts.label_uids, parts.label_titles, config, made)


def _members(index: FrozenIndex | FrozenEnsemble) -> list[FrozenIndex]:
    return index.members if isinstance(index, FrozenEnsemble) else [index]


def _pack(index: FrozenIndex | FrozenEnsemble) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if isinstance(index, FrozenIndex):
        return _pack_member(index)
    tensors: dict[str, Tensor] = {}
    members = []
    for number, member in enumerate(index.members):
        own, description = _pack_member(member)
        if number > 0 and member.postings is not None and member.postings is index.members[0].postings:
            own = {name: value for name, value in own.items() if not name.startswith("postings.")}
            description["postings"] = "member-0"
        tensors |= named(f"member-{number}", own)
        members.append(description)
    return tensors, {"depth": index.depth, "members": members}


def _pack_member(index: FrozenIndex) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors = {"mean": index.mean, "bias": index.bias, **index.labels.tensors("labels")}
    for number, encoder in enumerate(index.encoders):
        tensors |= named(f"encoder.{number}", encoder.tensors())
    description: dict[str, Any] = {
        "dtype": index.labels.dtype,
        "encoders": len(index.encoders),
        "beam": index.beam,
        "link": index.link,
        "candidates": index.candidates,
        "game": 0.0,
        "shortlist": "none",
    }
    if index.postings is not None:
        tensors |= named("postings", index.postings.tensors())
    if index.expansion is not None:
        tensors |= named("graph", index.expansion.tensors())
        description["game"] = index.expansion.mix
    if index.shortlist is not None:
        tensors |= named("shortlist", index.shortlist.tensors())
        description["shortlist"] = _SHORTLISTS[type(index.shortlist)]
    if index.reranker is not None:
        own, description["reranker"] = index.reranker.learned.pack("reranker")
        tensors |= own
    if isinstance(index.shortlist, FrozenBeamSearch):
        expansion = index.shortlist.expansion
        description["search_beam"] = index.shortlist.beam
        description["search_game"] = 0.0 if expansion is None else expansion.mix
    return tensors, description


def _unpack(tensors: dict[str, Tensor], description: dict[str, Any]) -> FrozenIndex | FrozenEnsemble:
    if "members" not in description:
        return _unpack_member(tensors, description)
    members = [
        _unpack_member(part_of(tensors, f"member-{number}"), member)
        for number, member in enumerate(description["members"])
    ]
    for member, own in zip(members, description["members"], strict=True):
        if own.get("postings") == "member-0":
            member.postings = members[0].postings
    return FrozenEnsemble(members, description["depth"])


def _unpack_member(tensors: dict[str, Tensor], description: dict[str, Any]) -> FrozenIndex:
    labels = RowMatrix.from_tensors(tensors, "labels")
    encoders = [
        FrozenEncoder.from_tensors(part_of(tensors, f"encoder.{number}"))
        for number in range(description["encoders"])
    ]
    postings = part_of(tensors, "postings")
    graph = part_of(tensors, "graph")
    kind, found = description["shortlist"], part_of(tensors, "shortlist")
    shortlist: ProjectedLabels | ClusteredLabels | FrozenBeamSearch | None = None
    if kind == "projection":
        shortlist = ProjectedLabels(**found)
    elif kind == "clusters":
        shortlist = ClusteredLabels.from_tensors(found)
    elif kind == "trained":
        shortlist = FrozenBeamSearch.from_tensors(found, description["search_beam"], description["search_game"])
    elif kind != "none":
        raise ValueError(f"expected a shortlist that is 'none' or of {list(_SHORTLISTS.values())}, got {kind!r}")
    return FrozenIndex(
        encoders,
        labels,
        tensors["mean"],
        tensors["bias"],
        TokenPostings(**postings, num_labels=labels.shape[0], dtype=labels.dtype) if postings else None,
        shortlist,
        FrozenExpansion(**graph, mix=description["game"]) if graph else None,
        description["beam"],
        description["link"],
        description["candidates"],
    )
