"""The model that answers now, and how another one takes its place."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import torch

from .served_model import ServedModel

logger = logging.getLogger(__name__)


class LiveModel:
    """Holds the model that serves.

    Who has taken ``current`` keeps it, whatever is loaded meanwhile, so that no request is answered by two
    models or by none.

    Args:
        locate: says where the model is, each time it is loaded.
        device: where it computes, if it is not frozen.

    Raises:
        FileNotFoundError: if there is no model.
        ValueError: if it cannot be read.
    """

    def __init__(self, locate: Callable[[], Path], device: torch.device | str = "cpu") -> None:
        self._locate = locate
        self._device = device
        self._loading = threading.Lock()
        self.current = ServedModel.load(locate(), device)
        #: Why the last attempt to reload failed, or ``None``.
        self.error: str | None = None

    def reload(self) -> ServedModel:
        """Loads the model anew, after other threads that do so; the old one serves until the new one is ready, and
        on if that cannot be read.

        Raises:
            ValueError: if the model cannot be read; says why, and that the old one serves.
        """
        with self._loading:
            old = self.current
            try:
                self.current = ServedModel.load(self._locate(), self._device)
            except Exception as error:  # whatever it is: the old model must go on
                self.error = " ".join(str(error).split()) or type(error).__name__
                message = f"{self.error}; the old model (version {old.version}) keeps serving"
                logger.warning("reload: %s", message)
                raise ValueError(message) from error
            self.error = None
            logger.info("reload: version %s in place of %s", self.current.version, old.version)
            return self.current
