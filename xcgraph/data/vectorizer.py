"""Text to sparse TF-IDF rows, one vocabulary for documents and labels."""

from __future__ import annotations

import json
import os
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .atomic import atomic_folder
from .error import DataError
from .subwords import Subwords
from .tokenize import tokenize
from .word_counts import count_words, to_csr

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FORMAT_VERSION = 1
_CACHE_WORDS = 1 << 16


class Vectorizer:
    """TF-IDF over the tokens of :func:`~xcgraph.data.tokenize`: ``(1 + ln tf) * idf``, rows of L2 norm 1.

    ``idf = ln((1 + n) / (1 + df)) + 1`` over all fitted texts; token ids are in the order of the sorted tokens, so
    the same texts give the same ids anywhere. Texts are streamed: only the matrices and the vocabulary are held.

    Args:
        min_df: leave out tokens that fewer fitted texts have. The default keeps all: half of the labels are tail
            labels, and their words are rare.
        max_features: keep only as many tokens, those that most texts have (ties: alphabetical).
        char_ngrams: ``(3, 5)`` adds the character 3- to 5-grams of each token, which misspelt and inflected words
            share; ``<`` and ``>`` mark where a token starts and ends.
        subwords: a number adds the pieces of a byte-pair vocabulary of this size, trained on the fitted texts
            (needs the package ``tokenizers``).

    Raises:
        ValueError: if an option is out of range.
        ImportError: if ``subwords`` is asked for and ``tokenizers`` is not installed.
    """

    def __init__(
        self,
        min_df: int = 1,
        max_features: int | None = None,
        char_ngrams: Sequence[int] | None = None,
        subwords: int | None = None,
    ) -> None:
        if min_df < 1:
            raise ValueError(f"'min_df' must be at least 1, got {min_df}")
        if max_features is not None and max_features < 1:
            raise ValueError(f"'max_features' must be at least 1, got {max_features}")
        if char_ngrams is not None and not (len(char_ngrams) == 2 and 1 <= char_ngrams[0] <= char_ngrams[1]):
            raise ValueError(f"'char_ngrams' must be two lengths (shortest, longest), got {char_ngrams}")
        if subwords is not None and subwords < 1:
            raise ValueError(f"'subwords' must be a positive vocabulary size, got {subwords}")
        self.min_df = min_df
        self.max_features = max_features
        self.char_ngrams = None if char_ngrams is None else (int(char_ngrams[0]), int(char_ngrams[1]))
        self.subwords = subwords
        self._subwords: Subwords | None = None
        self._index: dict[str, int] | None = None
        self._idf = np.empty(0, dtype=np.float32)
        self._sklearn: Any = None
        self._cache: dict[str, tuple[int, ...]] = {}

    # fitting

    def fit(self, texts: Iterable[str]) -> Vectorizer:
        """Learns vocabulary and idf from an iterable of texts, consumed once."""
        self.fit_transform(texts)
        return self

    def fit_transform(self, *streams: Iterable[str]) -> list[csr_matrix]:
        """Learns from all streams together, each consumed once in order, and returns one matrix for each.

        Args:
            streams: iterables of texts, for example the labels' and the training documents'.

        Returns:
            For each stream a float32 matrix of shape ``[texts in it, V]``, rows of norm 1 (0 for texts without
            tokens).

        Raises:
            DataError: if no text has a token (or none that ``min_df`` keeps).
        """
        word_index: dict[str, int] = {}
        counts = [count_words(texts, word_index) for texts in streams]
        words = list(word_index)
        if self.subwords is not None:
            totals: Any = sum(np.bincount(m.indices, weights=m.data, minlength=len(words)) for m in counts)
            # Sorted: the pieces must not depend on the order of the texts.
            order = sorted(range(len(words)), key=words.__getitem__)
            frequency = [int(totals[i]) for i in order]
            self._subwords = Subwords.train([words[i] for i in order], frequency, self.subwords)
        features = sorted({feature for word in words for feature in self._features(word)})
        self._index = {feature: i for i, feature in enumerate(features)}
        expansion = self._expansion(words)
        for i, matrix in enumerate(counts):
            counts[i] = matrix @ expansion[: matrix.shape[1]]  # one at a time: the words' matrix is let go

        num_texts = sum(matrix.shape[0] for matrix in counts)
        frequency_of = np.zeros(len(features), dtype=np.int64)
        for matrix in counts:
            frequency_of += np.bincount(matrix.indices, minlength=len(features))
        keep = np.flatnonzero(frequency_of >= self.min_df)
        if self.max_features is not None and len(keep) > self.max_features:
            keep = np.sort(keep[np.argsort(-frequency_of[keep], kind="stable")[: self.max_features]])
        if len(keep) == 0:
            least = f" that at least {self.min_df} texts have" if self.min_df > 1 else ""
            self._index = None
            raise DataError(f"expected texts with at least one word{least}, got {num_texts} texts without")
        if len(keep) < len(features):
            counts = [matrix[:, keep] for matrix in counts]
            frequency_of = frequency_of[keep]
            self._index = {features[i]: new for new, i in enumerate(keep.tolist())}
        self._idf = (np.log((1 + num_texts) / (1 + frequency_of)) + 1).astype(np.float32)
        self._sklearn = None
        self._cache.clear()
        return [self._weigh(matrix) for matrix in counts]

    # transforming

    def transform(self, texts: Iterable[str]) -> csr_matrix:
        """The rows of an iterable of texts, consumed once; tokens that were not fitted are left out.

        Returns:
            float32, shape ``[texts, V]``, sorted indices, rows of norm 1 (0 for texts without known tokens).
        """
        index = self._fitted()
        if isinstance(texts, (list, tuple)) and len(texts) == 1:
            from scipy.sparse import csr_matrix

            ids, weights = self.encode(texts[0])
            return csr_matrix((weights, ids, np.array([0, len(ids)], dtype=np.int32)), shape=(1, len(index)))
        word_index: dict[str, int] = {}
        counts = count_words(texts, word_index)
        return self._weigh(counts @ self._expansion(list(word_index)))

    def encode(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """One text by dictionary look-ups alone, for single queries; equal to its row of :meth:`transform`.

        Returns:
            ``(ids int32 [n], weights float32 [n])``, ids ascending.
        """
        index = self._fitted()
        if self._subwords is None and self.char_ngrams is None:
            found = [i for word in tokenize(text) if (i := index.get(word)) is not None]
        else:
            found = [i for word in tokenize(text) for i in self._ids(word)]
        counts = Counter(found)
        ids = np.array(sorted(counts), dtype=np.int32)
        if len(ids) == 0:
            return ids, np.empty(0, dtype=np.float32)
        # The same float32 steps, in the same order, that scikit-learn takes on a matrix.
        weights = self._idf[ids]
        if len(ids) < len(found):
            weights *= np.log(np.array([counts[i] for i in ids.tolist()], dtype=np.float32)) + 1
        squares = (weights * weights).astype(np.float64)
        return ids, (weights / np.sqrt(np.cumsum(squares)[-1])).astype(np.float32)

    @property
    def is_fitted(self) -> bool:
        """Whether it has a vocabulary."""
        return self._index is not None

    @property
    def num_features(self) -> int:
        """V, the number of tokens."""
        return len(self._fitted())

    @property
    def vocabulary(self) -> list[str]:
        """The tokens in the order of their ids."""
        return list(self._fitted())

    # on disk

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes ``config.json``, ``vocabulary.json``, ``idf.npy`` (and ``subwords.json``) into ``folder``."""
        vocabulary = self.vocabulary
        config = {
            "format_version": FORMAT_VERSION,
            "min_df": self.min_df,
            "max_features": self.max_features,
            "char_ngrams": self.char_ngrams,
            "subwords": self.subwords,
        }
        with atomic_folder(folder, overwrite=True, stale=["subwords.json"]) as work:
            (work / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
            (work / "vocabulary.json").write_text(json.dumps(vocabulary, indent=0) + "\n", encoding="utf-8")
            np.save(work / "idf.npy", self._idf)
            if self._subwords is not None:
                (work / "subwords.json").write_text(self._subwords.state, encoding="utf-8")

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Vectorizer:
        """Reads what :meth:`save` wrote.

        Raises:
            FileNotFoundError: if a file is missing.
            ValueError: if the folder is of another format version, or its files do not fit together.
        """
        folder = Path(folder)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        version = config.pop("format_version", None)
        if version != FORMAT_VERSION:
            raise ValueError(f"{folder}: expected format_version {FORMAT_VERSION}, got {version}; fit it again")
        vectorizer = cls(**config)
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        vectorizer._index = {token: i for i, token in enumerate(vocabulary)}
        vectorizer._idf = np.load(folder / "idf.npy", allow_pickle=False)
        if not len(vocabulary) == len(vectorizer._index) == len(vectorizer._idf):
            raise ValueError(f"{folder}: expected {len(vocabulary)} distinct tokens and as many idf values")
        if vectorizer.subwords is not None:
            vectorizer._subwords = Subwords((folder / "subwords.json").read_text(encoding="utf-8"))
        return vectorizer

    def __repr__(self) -> str:
        options = [f"min_df={self.min_df}"]
        for name in ("max_features", "char_ngrams", "subwords"):
            if getattr(self, name) is not None:
                options.append(f"{name}={getattr(self, name)}")
        if self._index is not None:
            options.append(f"num_features={len(self._index)}")
        return f"{type(self).__name__}({', '.join(options)})"

    # inside

    def _fitted(self) -> dict[str, int]:
        if self._index is None:
            raise RuntimeError("this Vectorizer is not fitted: call fit, fit_transform or Vectorizer.load first")
        return self._index

    def _features(self, word: str) -> list[str]:
        """The word, its character n-grams ("#" keeps them apart from words) and its pieces if it has several.

        A first piece is the same feature as the word that is spelt like it; later pieces start with "##".
        """
        features = [word]
        if self.char_ngrams is not None:
            padded = f"<{word}>"
            for n in range(self.char_ngrams[0], self.char_ngrams[1] + 1):
                features.extend("#" + padded[i : i + n] for i in range(len(padded) - n + 1))
        if self._subwords is not None:
            pieces = self._subwords.split(word)
            if len(pieces) > 1:
                features.extend(pieces)
        return features

    def _ids(self, word: str) -> tuple[int, ...]:
        ids = self._cache.get(word)
        if ids is None:
            found = map(self._fitted().get, self._features(word))
            ids = tuple(i for i in found if i is not None)
            if len(self._cache) >= _CACHE_WORDS:
                self._cache.clear()
            self._cache[word] = ids
        return ids

    def _expansion(self, words: list[str]) -> csr_matrix:
        """``[words, V]``: how often each word has each feature, so that ``counts @ expansion`` counts them."""
        from scipy.sparse import csr_matrix

        index = self._fitted()
        indices, indptr = array("i"), array("q", [0])
        for word in words:
            indices.extend(i for i in map(index.get, self._features(word)) if i is not None)
            indptr.append(len(indices))
        matrix = to_csr(array("f", [1.0]) * len(indices), indices, indptr, len(index))
        matrix.sum_duplicates()
        return csr_matrix(matrix)

    def _weigh(self, counts: csr_matrix) -> csr_matrix:
        """Counts to TF-IDF."""
        from scipy.sparse import csr_matrix

        if self._sklearn is None:
            from sklearn.feature_extraction.text import TfidfTransformer

            self._sklearn = TfidfTransformer(sublinear_tf=True)
            self._sklearn.idf_ = self._idf
        counts.sort_indices()
        if counts.shape[0] == 0:  # scikit-learn wants at least one row
            return csr_matrix(counts)
        return csr_matrix(self._sklearn.transform(counts, copy=False))
