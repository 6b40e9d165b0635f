"""A JSON file, or one line that says why it is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .error import DataError


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Args:
        path: the file, UTF-8.

    Raises:
        DataError: if it is no JSON, or a part of it, such as a file that was cut off; names the line.
        OSError: if there is no such file.
    """
    text = path.read_bytes()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason, line = error.msg, error.lineno
    except (UnicodeDecodeError, RecursionError):
        reason, line = "cannot be parsed", None
    raise DataError(f"expected a whole JSON file, got a damaged one ({reason}); make or copy it again", path, line)
