from __future__ import annotations

import numpy as np
import pytest

from xcgraph.datasets import PlantedSource, planted_source


def rows_of(source, split):
    return [[int(x) for x in row if x >= 0] for _, labels, _ in source.documents(split) for row in labels]


@pytest.mark.parametrize("num_labels", [10, 11, 97, 1000])
def test_every_label_has_a_training_document(num_labels):
    source = PlantedSource(num_labels, seed=3)
    rows = rows_of(source, "train")
    assert len(rows) == source.num_train == round(2.249 * num_labels)
    assert {label for row in rows for label in row} == set(range(num_labels))
    assert all(row and row == sorted(set(row)) for row in rows)
    assert len(rows_of(source, "test")) == source.num_test


def test_shape_of_the_published_set():
    source = PlantedSource(20_000)
    rows = rows_of(source, "train")
    frequency = np.bincount(np.concatenate(rows))
    assert np.mean([len(row) for row in rows]) == pytest.approx(2.29, rel=0.05)
    assert frequency.mean() == pytest.approx(5.15, rel=0.05)
    assert 0.6 < (frequency < 5).mean() < 0.8
    assert frequency.max() > 200


def test_cooccurrence_follows_communities():
    source = PlantedSource(3000, seed=1)
    community = source.community(np.arange(3000))
    # Each community has its size, and ids of one community are far apart.
    assert (np.bincount(community) == source.labels_per_community).all()
    assert (community[1:] == community[:-1]).mean() < 0.01
    pairs = [(a, b) for row in rows_of(source, "train") for a in row for b in row if a < b]
    same = np.mean([community[a] == community[b] for a, b in pairs])
    assert 0.7 < same < 0.95


def test_topics_disagree_in_places_with_communities():
    source = PlantedSource(3000)
    labels = np.arange(3000)
    agree = (source.topic(labels) == source.community(labels) // 4).mean()
    assert agree == pytest.approx(0.7, abs=0.04)


def test_same_seed_same_data_whole_chunks_or_not(monkeypatch):
    def everything(seed):
        source = PlantedSource(200, seed=seed)
        return [part for split in ("train", "test") for chunk in source.documents(split) for part in chunk[1:]]

    first, again, other = everything(5), everything(5), everything(6)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
    # The largest array belongs to a chunk: memory does not grow with the data.
    monkeypatch.setattr(planted_source, "_CHUNK", 64)
    chunks = list(PlantedSource(200).documents("train"))
    assert [len(labels) for _, labels, _ in chunks] == [64] * 7 + [2]
    assert {int(x) for _, labels, _ in chunks for x in labels.ravel()} - {-1} == set(range(200))


def test_tokens_are_words_of_the_vocabulary():
    source = PlantedSource(500)
    for _, _, tokens in source.documents("train"):
        assert tokens.max() < source.num_words
        assert (tokens >= 0).sum(axis=1).min() >= 5
    ((start, labels),) = source.labels()
    assert start == 0 and len(labels) == 500 and labels.min() >= 0 and labels.max() < source.num_words


def test_ten_million_labels_take_no_memory_beforehand():
    source = PlantedSource(10**7)
    _, labels, tokens = next(source.documents("train"))
    assert labels.max() < 10**7 and len(labels) == len(tokens) <= 65536
    assert source.num_words < 10**6


def test_community_sizes():
    assert PlantedSource(100, num_communities=5).labels_per_community == 20
    assert PlantedSource(100, labels_per_community=30).num_communities == 4
    rows = rows_of(PlantedSource(100, num_communities=1), "train")
    assert {label for row in rows for label in row} == set(range(100))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_labels": 9}, "'num_labels' must be between 10"),
        ({"num_labels": 10**7 + 1}, "'num_labels' must be between 10"),
        ({"num_labels": 100, "num_train": 99}, "'num_train' must be at least the number of labels"),
        ({"num_test": 0}, "'num_test' must be at least 1"),
        ({"seed": -1}, "'seed' must not be negative"),
        ({"num_communities": 0}, "'num_communities' must be between 1 and 1000"),
        ({"labels_per_community": 2000}, "'labels_per_community' must be between 1 and 1000"),
        ({"labels_per_community": 20, "num_communities": 5}, "not both"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        PlantedSource(**arguments)
