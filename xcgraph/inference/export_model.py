"""All that another program needs to score labels as a trained model does."""

from __future__ import annotations

import json
import os

import torch
from safetensors.torch import save_file
from torch import Tensor

import xcgraph
from xcgraph.data.atomic import atomic_folder

from .export_encoder import ExportFormat, export_encoder
from .model_folder import StoredModel

#: Of the folder.
FORMAT_VERSION = 1
_FILE = {"onnx": "encoder.onnx", "torch": "encoder.pt2"}


def export_model(model: StoredModel, folder: str | os.PathLike[str], format: ExportFormat = "onnx") -> float:
    """Writes a folder with the encoder, the vectoriser, and what scores and names the labels.

    The new order of the best labels, of a model that has one, is not written: it needs xcgraph.

    Args:
        model: trained; one member that scores all labels, as the default recipe leaves.
        folder: a new one; ``encoder.onnx`` or ``encoder.pt2``, ``labels.safetensors``, ``labels.json``,
            ``vectorizer/`` (if the model has one) and ``export.json``.
        format: of the encoder, see :func:`export_encoder`.

    Returns:
        The largest difference of an embedding, see :func:`export_encoder`.

    Raises:
        ValueError: if the model has several members, or shortlists; or if the encoder's file does not compute
            what the encoder does.
        FileExistsError: if ``folder`` holds files.
        ImportError: if the packages of the format are missing.
    """
    (member, *others) = model.ranker.members
    if others or member.shortlister is not None:
        raise ValueError(
            "this model scores by shortlists: there is no one table of labels to export; export each encoder by "
            "xcgraph.inference.export_encoder(model.ranker.members[i].encoder, path)"
        )
    bias = member.bias if member.bias is not None else torch.zeros(member.weight.size(0))
    tensors: dict[str, Tensor] = {"weight": member.weight, "bias": bias}
    graphs = {
        "lexical": None if member.lexical is None else member.lexical.weight,
        "graph": None if member.expansion is None or member.expansion.mix == 0 else member.expansion.graph,
    }
    for name, table in graphs.items():
        if table is not None:
            tensors |= {f"{name}.rowptr": table.rowptr, f"{name}.col": table.col, f"{name}.value": table.value}
    with atomic_folder(folder) as work:
        difference = export_encoder(member.token_encoder, work / _FILE[format], format)
        save_file(
            {name: value.detach().cpu().contiguous() for name, value in tensors.items()},
            work / "labels.safetensors",
        )
        names = {"uids": model.label_uids, "titles": model.label_titles}
        (work / "labels.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        if model.vectorizer is not None:
            model.vectorizer.save(work / "vectorizer")
        description = {
            "format_version": FORMAT_VERSION,
            "encoder": _FILE[format],
            "labels": member.weight.size(0),
            "tokens": member.token_encoder.num_tokens,
            "dim": member.weight.size(1),
            "link": member.link,
            "mix": member.expansion.mix if member.expansion is not None else 0.0,
            "beam": member.beam,
            "difference": difference,
            "reranked": member.reranker is not None,
            "version": xcgraph.__version__,
        }
        (work / "export.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    return difference
