"""The one exception for peers that cannot be run."""

from __future__ import annotations


class PeerError(RuntimeError):
    """A peer could not be installed, or its runner failed; the message is one line that says which and why."""
