"""The body of a request to ``/predict``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, StrictInt, StrictStr

from .limits import Limits


class PredictRequest(BaseModel):
    """One text, or several.

    Args:
        text: one; the answer has ``labels``.
        texts: several; the answer has ``answers``, one with ``labels`` for each.
        k: labels a text; by default 5, or as many as are allowed.
    """

    model_config = ConfigDict(extra="forbid")

    text: StrictStr | None = None
    texts: list[StrictStr] | None = None
    k: StrictInt | None = None

    def checked(self, limits: Limits) -> tuple[list[str], int]:
        """The texts, and how many labels each gets.

        Raises:
            ValueError: if there are both or neither, or limits are exceeded.
        """
        if (self.text is None) == (self.texts is None):
            raise ValueError("expected either 'text' (a string) or 'texts' (a list of strings)")
        texts = self.texts if self.texts is not None else [self.text or ""]
        k = min(5, limits.max_k) if self.k is None else self.k
        if not 1 <= k <= limits.max_k:
            raise ValueError(f"k: expected 1 to {limits.max_k}, got {k}")
        if len(texts) > limits.max_batch:
            raise ValueError(
                f"texts: expected at most {limits.max_batch}, got {len(texts)}; send several requests"
            )
        for number, text in enumerate(texts):
            if len(text) > limits.max_text:
                name = "text" if self.texts is None else f"texts[{number}]"
                raise ValueError(f"{name}: expected at most {limits.max_text} characters, got {len(text)}")
        return texts, k
