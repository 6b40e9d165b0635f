"""A trained model on disk: json, safetensors and npy, complete or absent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from xcgraph.data import Vectorizer
from xcgraph.data.atomic import atomic_folder
from xcgraph.shortlist import ClusterIndex
from xcgraph.sparse import CSR

from .document_encoder import DocumentEncoder
from .folder_parts import check_counts, read_config, read_parts, readable, write_parts
from .joined_encoder import JoinedEncoder
from .label_parts import PARTS_FILES, LabelParts
from .label_ranker import BeamSearch, EnsembleRanker, Expansion, LabelRanker
from .lexical_scorer import LexicalScorer
from .reranker import load_reranker
from .stored_tensors import csr_from, csr_tensors, named, part_of, storable


@dataclass
class StoredModel:
    """What a model folder holds.

    Args:
        ranker: ready to rank.
        vectorizer: turns texts into features; ``None`` for a model of features that came without texts.
        label_uids: names of the labels, L.
        label_titles: titles of the labels, L.
        config: ``config.json``.
    """

    ranker: EnsembleRanker
    vectorizer: Vectorizer | None
    label_uids: list[str]
    label_titles: list[str]
    config: dict[str, Any]


def save_model(
    folder: str | os.PathLike[str],
    ranker: EnsembleRanker,
    vectorizer: Vectorizer | None,
    label_uids: list[str],
    label_titles: list[str],
    config: dict[str, Any],
) -> None:
    """Writes a model folder; an older one of that name stays whole until the new one is.

    Args:
        folder: holds ``config.json``, ``labels.json``, ``vectorizer/`` and ``member-N.safetensors``.
        ranker: the trained model.
        vectorizer: or ``None``.
        label_uids: L names.
        label_titles: L titles.
        config: json values to keep beside, such as the settings of the run.
    """
    members = []
    # An older model may have had more members.
    old = [path.name for path in Path(folder).glob("member-*.safetensors")] + list(PARTS_FILES)
    with atomic_folder(folder, overwrite=True, stale=old) as work:
        for number, member in enumerate(ranker.members):
            tensors, description = _pack(member)
            if member.lexical is not None and member.lexical is ranker.members[0].lexical and number > 0:
                description["lexical"] = "member-0"  # one table serves all
                tensors = {name: value for name, value in tensors.items() if not name.startswith("lexical.")}
            save_file(storable(tensors), work / f"member-{number}.safetensors")
            members.append(description)
        (first, *others) = ranker.members
        if first.parts is not None and not others:
            first.parts.save(work)
        write_parts(work, "trained", vectorizer, label_uids, label_titles, {**config, "members": members})


def load_model(
    folder: str | os.PathLike[str], device: torch.device | str = "cpu", verify: bool = True
) -> StoredModel:
    """Reads what :func:`save_model` wrote; on the CPU, tensors stay in the file until they are used.

    Args:
        folder: of the model.
        device: where to put it.
        verify: compare the checksums of all files (about a second a GB); sizes are always compared.

    Raises:
        FileNotFoundError: if ``folder`` is no model folder.
        ValueError: if it is of a newer version, frozen, or damaged.
    """
    folder = Path(folder)
    with readable(folder):
        config = read_config(folder)
        if config.get("kind", "trained") != "trained":
            raise ValueError(f"it is a {config['kind']} model: load it by Predictor.load or FrozenModel.load")
        names = [f"member-{number}.safetensors" for number in range(len(config["members"]))]
        parts = read_parts(folder, config, names, verify)
        tensors = [load_file(folder / name, device=str(device)) for name in names]
        ranker = EnsembleRanker(
            [_unpack(own, description) for own, description in zip(tensors, config["members"], strict=True)]
        )
        for member, description in zip(ranker.members, config["members"], strict=True):
            if description["lexical"] == "member-0":
                member.lexical = ranker.members[0].lexical
        ranker.members[0].parts = made = LabelParts.load(folder, config)
        ranker.members[0].reranker = load_reranker(tensors[0], config["members"][0], made)
        check_counts(
            parts,
            {member.weight.size(0) for member in ranker.members} | ({made.num_labels} if made else set()),
            {member.token_encoder.num_tokens for member in ranker.members}
            | ({made.num_tokens} if made else set()),
        )
    return StoredModel(ranker, parts.vectorizer, parts.label_uids, parts.label_titles, config)


def _pack(member: LabelRanker) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors = {"label.weight": member.weight}
    if member.bias is not None:
        tensors["label.bias"] = member.bias
    encoder = member.token_encoder
    joined = encoder.encoders if isinstance(encoder, JoinedEncoder) else [encoder]
    if len(joined) == 1:  # stored as itself
        encoder = joined[0]
    tensors |= named("encoder", encoder.tensors())
    description: dict[str, Any] = {
        "beam": member.beam,
        "link": member.link,
        "encoders": len(joined),
        "game": _pack_graph(tensors, "graph", member.expansion),
    }
    description["lexical"] = "none" if member.lexical is None else "own"
    if member.lexical is not None:
        tensors |= named("lexical", csr_tensors(member.lexical.weight))
    if member.reranker is not None:
        own, description["reranker"] = member.reranker.learned.pack("reranker")
        tensors |= own
    search = member.shortlister
    if search is not None:
        tensors["meta.weight"] = search.weight
        if search.bias is not None:
            tensors["meta.bias"] = search.bias
        tensors["meta.assignment"] = search.clusters.assignment
        tensors |= named("meta_encoder", search.encoder.tensors())
        description["shortlister"] = {
            "beam": search.beam,
            "num_clusters": search.clusters.num_clusters,
            "game": _pack_graph(tensors, "meta_graph", search.expansion),
        }
    return tensors, description


def _unpack(tensors: dict[str, Tensor], description: dict[str, Any]) -> LabelRanker:
    search = None
    if description.get("shortlister") is not None:
        meta = description["shortlister"]
        search = BeamSearch(
            DocumentEncoder(**part_of(tensors, "meta_encoder")),
            tensors["meta.weight"],
            tensors.get("meta.bias"),
            ClusterIndex(tensors["meta.assignment"], meta["num_clusters"]),
            meta["beam"],
            _unpack_graph(tensors, "meta_graph", meta["game"]),
        )
    lexical = None
    if table := part_of(tensors, "lexical"):
        lexical = LexicalScorer(csr_from(table, tensors["label.weight"].size(0)))
    encoder = part_of(tensors, "encoder")
    # Format 1 knew no joined encoders.
    joined = description.get("encoders", 1) > 1
    return LabelRanker(
        JoinedEncoder.from_tensors(encoder) if joined else DocumentEncoder(**encoder),
        tensors["label.weight"],
        tensors.get("label.bias"),
        search,
        _unpack_graph(tensors, "graph", description["game"]),
        description["beam"],
        description["link"],
        lexical,
    )


def _pack_graph(tensors: dict[str, Tensor], name: str, expansion: Expansion | None) -> float:
    """Adds the graph to ``tensors``; returns the weight of its scores."""
    if expansion is None:
        return 0.0
    graph = expansion.graph
    tensors |= {f"{name}.rowptr": graph.rowptr, f"{name}.col": graph.col, f"{name}.value": graph.value}
    return expansion.mix


def _unpack_graph(tensors: dict[str, Tensor], name: str, mix: float) -> Expansion | None:
    part = part_of(tensors, name)
    if not part:
        return None
    n = part["rowptr"].numel() - 1
    return Expansion(CSR(part["rowptr"], part["col"], part["value"], (n, n)), mix)
