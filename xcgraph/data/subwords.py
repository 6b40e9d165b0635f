"""Trained subwords: pieces of words that frequent words share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_MAX_BATCH = 10_000


def _tokenizers() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise ImportError("subwords need the package 'tokenizers': pip install xcgraph[subword]") from error
    return tokenizers


class Subwords:
    """Byte-pair pieces of words, trained on word counts ("Neural Machine Translation of Rare Words with Subword
    Units", Sennrich et al., ACL 2016) by the package ``tokenizers``.

    Args:
        state: the ``tokenizers`` JSON of a trained model.

    Raises:
        ImportError: if ``tokenizers`` is not installed.
    """

    def __init__(self, state: str) -> None:
        self.state = state
        self._model = _tokenizers().Tokenizer.from_str(state)

    @classmethod
    def train(cls, words: Sequence[str], counts: Sequence[int], size: int) -> Subwords:
        """Trains at most ``size`` pieces on distinct ``words`` with their ``counts``.

        Raises:
            ImportError: if ``tokenizers`` is not installed.
            ValueError: if ``size`` is not positive.
        """
        if size < 1:
            raise ValueError(f"'subwords' must be a positive vocabulary size, got {size}")
        tokenizers = _tokenizers()
        # With a prefix for continuing pieces, the trainer numbers them in the order of a hash map and breaks ties
        # by number: training would give other pieces in every process. So split() writes the prefix.
        model = tokenizers.Tokenizer(tokenizers.models.BPE())
        trainer = tokenizers.trainers.BpeTrainer(vocab_size=size, min_frequency=2, show_progress=False)

        def batches() -> Iterator[list[str]]:
            for word, count in zip(words, counts, strict=True):
                for start in range(0, count, _MAX_BATCH):
                    yield [word] * min(_MAX_BATCH, count - start)

        model.train_from_iterator(batches(), trainer)
        return cls(model.to_str())

    def split(self, word: str) -> list[str]:
        """The pieces of a word; those after the first start with ``##``."""
        pieces = self._model.encode(word, add_special_tokens=False).tokens
        return [*pieces[:1], *("##" + piece for piece in pieces[1:])]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._model.get_vocab_size()})"
