"""Where planted documents and labels come from: arithmetic on label numbers, no tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np

_CHUNK = 1 << 16
_MAX_LABELS = 6
_MAX_TOKENS = 10
# Shares of the vocabulary and of the tokens of a document: words of labels, communities, topics; the rest: any.
_VOCABULARY = (0.5, 0.3, 0.1)
_TOKENS = (0.22, 0.42, 0.12)
_LABEL_WORDS, _COMMUNITY_WORDS, _TOPIC_WORDS = 6, 8, 12
_TITLE_WORDS = 2
_COMMUNITIES_PER_TOPIC = 4
_OFF_TOPIC = 0.3
_EXTRA_LABELS = 1.85
_LINKED = 0.12
# Exponents of the power laws of communities and of labels within one.
_COMMUNITY_EXPONENT, _LABEL_EXPONENT = 0.45, 0.74


class PlantedSource:
    """Labels and documents of a synthetic data set, made chunk by chunk in memory that does not grow with it.

    Structure. Labels form *communities* of ``labels_per_community``; a document has one label that it is made
    for, and most of its other labels are of the same community, some of the next one, so the co-occurrence graph
    follows communities. Four communities make a *topic*, but three labels in ten belong to the topic of another
    place.

    Text. A document has words of its labels, of its community and of its topic; the text of a label has words of
    the label and of its topic, never of the community. So a label's text says something that the graph does not
    know (its own words), the graph something that the text does not know (the community), and they disagree in
    places.

    Frequencies. Each label has a training document; the rest follow two power laws (communities, labels within
    one) whose exponents give the shape of LF-AmazonTitles-131K: 2.29 labels a document, 5.15 documents a label, 60
    to 80 % of labels with fewer than five (DECAF, Mittal et al., WSDM 2021, table 7).

    Args:
        num_labels: L, 10 to 10^7.
        num_train: training documents, at least L; default 2.249 L.
        num_test: test documents; default 0.457 of ``num_train``.
        labels_per_community: default 12 (fewer for very few labels).
        num_communities: instead of ``labels_per_community``.
        seed: the same seed gives the same data on any machine.

    Raises:
        ValueError: if a number is out of range, or both ways to size a community are used.
    """

    def __init__(
        self,
        num_labels: int = 1000,
        num_train: int | None = None,
        num_test: int | None = None,
        labels_per_community: int | None = None,
        num_communities: int | None = None,
        seed: int = 0,
    ) -> None:
        if not 10 <= num_labels <= 10**7:
            raise ValueError(f"'num_labels' must be between 10 and 10,000,000, got {num_labels}")
        num_train = round(2.249 * num_labels) if num_train is None else num_train
        num_test = max(1, round(0.457 * num_train)) if num_test is None else num_test
        if num_train < num_labels:
            raise ValueError(
                f"'num_train' must be at least the number of labels ({num_labels}), so that each has a document; "
                f"got {num_train}"
            )
        if num_test < 1:
            raise ValueError(f"'num_test' must be at least 1, got {num_test}")
        if seed < 0:
            raise ValueError(f"'seed' must not be negative, got {seed}")
        if num_communities is not None:
            if labels_per_community is not None:
                raise ValueError("give 'num_communities' or 'labels_per_community', not both")
            if not 1 <= num_communities <= num_labels:
                raise ValueError(f"'num_communities' must be between 1 and {num_labels}, got {num_communities}")
            labels_per_community = -(-num_labels // num_communities)
        elif labels_per_community is None:
            labels_per_community = min(12, max(2, num_labels // 5))
        if not 1 <= labels_per_community <= num_labels:
            raise ValueError(
                f"'labels_per_community' must be between 1 and {num_labels}, got {labels_per_community}"
            )
        self.num_labels = num_labels
        self.num_train = num_train
        self.num_test = num_test
        self.labels_per_community = labels_per_community
        self.num_communities = -(-num_labels // labels_per_community)
        self.num_topics = -(-self.num_communities // _COMMUNITIES_PER_TOPIC)
        self.seed = seed
        # 40,000 words for 131,000 labels, 128,000 for 1.3 million.
        self.num_words = max(100, round(112 * math.sqrt(num_labels)))
        sizes = [int(share * self.num_words) for share in _VOCABULARY]
        starts = [0, sizes[0], sizes[0] + sizes[1], sum(sizes)]
        self._label_words, self._community_words, self._topic_words, self._any_words = (
            (start, size) for start, size in zip(starts, [*sizes, self.num_words - sum(sizes)], strict=True)
        )
        self._multiplier = _coprime(num_labels)
        self._inverse = pow(self._multiplier, -1, num_labels)
        self._offset = int(_mix(np.array([seed], dtype=np.uint64), 7)[0] % np.uint64(num_labels))

    def community(self, labels: np.ndarray) -> np.ndarray:
        """The community of each label, shape as ``labels``."""
        # Neighbouring ids must have nothing in common: a method could live on the order alone.
        place = (labels - self._offset) % self.num_labels * self._inverse % self.num_labels
        return place // self.labels_per_community

    def topic(self, labels: np.ndarray) -> np.ndarray:
        """The topic that the words of each label are about, shape as ``labels``."""
        key = _mix(labels.astype(np.uint64) + np.uint64(self.seed) * np.uint64(1 << 32), 1)
        own = self.community(labels) // _COMMUNITIES_PER_TOPIC
        other = (_mix(key, 2) % np.uint64(self.num_topics)).astype(np.int64)
        return np.where(key.astype(np.float64) / 2.0**64 < _OFF_TOPIC, other, own)

    def labels(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yields ``(first label, tokens [n, T])`` for chunk after chunk of label texts; absent tokens are -1."""
        for start in range(0, self.num_labels, _CHUNK):
            rng = np.random.default_rng([self.seed, 2, start])
            ids = np.arange(start, min(start + _CHUNK, self.num_labels))
            words = np.broadcast_to(np.arange(_TITLE_WORDS), (len(ids), _TITLE_WORDS))
            topic = np.broadcast_to(self.topic(ids)[:, None], words.shape)
            yield (
                start,
                np.concatenate(
                    [
                        self._word(self._label_words, np.broadcast_to(ids[:, None], words.shape), words),
                        self._word(self._topic_words, topic, rng.integers(0, _TOPIC_WORDS, words.shape)),
                        self._noise(rng, (len(ids), 1)),
                    ],
                    axis=1,
                ),
            )

    def documents(self, split: Literal["train", "test"]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yields ``(first document, labels [n, K], tokens [n, T])`` for chunk after chunk of documents.

        The labels of a row ascend behind the absent ones; absent labels and tokens are -1. Tokens may repeat.
        """
        total = self.num_train if split == "train" else self.num_test
        for start in range(0, total, _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, total))
            rng = np.random.default_rng([self.seed, 0 if split == "train" else 1, start])
            anchor, labels = self._draw_labels(rng, rows, split)
            yield start, labels, self._draw_tokens(rng, anchor, labels)

    def _draw_labels(
        self, rng: np.random.Generator, rows: np.ndarray, split: str
    ) -> tuple[np.ndarray, np.ndarray]:
        n, size = len(rows), self.labels_per_community
        anchor = self._at(
            _power_law(rng, self.num_communities, _COMMUNITY_EXPONENT, (n,)), self._position(rng, (n,))
        )
        if split == "train":
            # Spread over the training documents, each label once.
            turn = rows * self.num_labels // self.num_train
            covers = (rows + 1) * self.num_labels // self.num_train > turn
        else:
            turn = rng.integers(0, self.num_labels, n)
            covers = rng.random(n) < self.num_labels / self.num_train
        anchor = np.where(covers, self._at(turn // size, turn % size), anchor)
        extra = np.minimum(rng.poisson(_EXTRA_LABELS, n), _MAX_LABELS - 1)
        community = self.community(anchor)[:, None] + (rng.random((n, _MAX_LABELS - 1)) < _LINKED)
        others = self._at(community % self.num_communities, self._position(rng, community.shape))
        others[np.arange(_MAX_LABELS - 1) >= extra[:, None]] = -1
        labels = np.sort(np.concatenate([anchor[:, None], others], axis=1), axis=1)
        labels[:, 1:][labels[:, 1:] == labels[:, :-1]] = -1
        return anchor, np.sort(labels, axis=1)

    def _draw_tokens(self, rng: np.random.Generator, anchor: np.ndarray, labels: np.ndarray) -> np.ndarray:
        n = len(anchor)
        shape = (n, _MAX_TOKENS)
        count = (labels >= 0).sum(axis=1)
        chosen = _MAX_LABELS - 1 - (rng.random(shape) * count[:, None]).astype(np.int64)
        label = np.take_along_axis(labels, chosen, axis=1)
        community = np.broadcast_to(self.community(anchor)[:, None], shape)
        topic = np.broadcast_to(self.topic(anchor)[:, None], shape)
        which = rng.random(shape)
        kind = np.searchsorted(np.cumsum(_TOKENS), rng.random(shape), side="right")
        tokens = np.select(
            [kind == 0, kind == 1, kind == 2],
            [
                self._word(self._label_words, label, (which * _LABEL_WORDS).astype(np.int64)),
                self._word(self._community_words, community, (which * _COMMUNITY_WORDS).astype(np.int64)),
                self._word(self._topic_words, topic, (which * _TOPIC_WORDS).astype(np.int64)),
            ],
            self._noise(rng, shape),
        )
        tokens[np.arange(_MAX_TOKENS) >= rng.integers(5, _MAX_TOKENS + 1, n)[:, None]] = -1
        return tokens

    def _at(self, community: np.ndarray, position: np.ndarray) -> np.ndarray:
        """The label at a position of a community; the last community may be short."""
        first = community * self.labels_per_community
        size = np.minimum(self.labels_per_community, self.num_labels - first)
        return ((first + position % size) * self._multiplier + self._offset) % self.num_labels

    def _position(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return _power_law(rng, self.labels_per_community, _LABEL_EXPONENT, shape)

    def _word(self, part: tuple[int, int], owner: np.ndarray, number: np.ndarray) -> np.ndarray:
        """Word ``number`` of an owner: two owners may share a word, as in real text."""
        start, size = part
        key = owner.astype(np.uint64) * np.uint64(16) + number.astype(np.uint64)
        mixed = _mix(key + np.uint64(self.seed) * np.uint64(1 << 40), 3 + start)
        return start + (mixed % np.uint64(size)).astype(np.int64)

    def _noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        start, size = self._any_words
        return start + _power_law(rng, size, 0.7, shape)


def _power_law(rng: np.random.Generator, size: int, exponent: float, shape: tuple[int, ...]) -> np.ndarray:
    """Ranks below ``size`` with probability about proportional to ``rank^-exponent`` (exponent below 1)."""
    return np.minimum((size * rng.random(shape) ** (1 / (1 - exponent))).astype(np.int64), size - 1)


def _mix(values: np.ndarray, salt: int) -> np.ndarray:
    """A hash of 64-bit numbers (the finalizer of SplitMix64; Steele, Lea and Flood, OOPSLA 2014)."""
    values = values + np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _coprime(size: int) -> int:
    """A multiplier near the golden section of ``size`` that makes ``x -> a x`` a permutation modulo ``size``."""
    value = max(1, round(size * 0.618))
    while math.gcd(value, size) != 1:
        value += 1
    return value
