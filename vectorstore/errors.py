"""What can go wrong in the index, as errors with a hint. Pure: imports nothing of ours."""

from __future__ import annotations


class VectorstoreError(Exception):
    """Something a person can mend: `message` says what and where, `hint` is the command or step that helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class IndexDamaged(VectorstoreError):
    """The stored index cannot be trusted (unreadable, half-written, wedged, another embedder's): build it anew."""


class IndexBusy(VectorstoreError):
    """The index folder is in use by another process or cannot be written: search exactly instead."""
