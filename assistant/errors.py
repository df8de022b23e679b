"""The error tree: one root, raised anywhere, shown in one place (`assistant.cli`)."""

from __future__ import annotations


class CodartError(Exception):
    """Something a person can mend: `message` says what and where, `hint` is the command or step that helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(CodartError):
    """The command was called wrongly (exit code 2)."""


class ReadingError(CodartError):
    """A source file cannot become a document: empty, binary, scanned, unsafe or damaged."""


class CodebookError(CodartError):
    """A codebook file is not a codebook."""


class ProjectError(CodartError):
    """The project folder is missing, damaged, too new, full or locked."""


class ModelError(CodartError):
    """The model could not be asked. `stops_run`: no later unit could succeed either (wrong key, out of quota).

    `kind` is one word for tables: auth, quota, not_found, rate_limit, connection, timeout, server, context,
    content_filter, bad_request, not_recorded, budget, stopped, worker, expired, cancelled.
    `passing`: the same request may succeed a little later (408, 409, 429, 5xx, broken connections, timeouts), after
    `retry_after` seconds if the server said so. `charged`: the request may have been billed although no answer came.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        kind: str = "server",
        stops_run: bool = False,
        passing: bool = False,
        retry_after: float | None = None,
        charged: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.stops_run = stops_run
        self.passing = passing
        self.retry_after = retry_after
        self.charged = charged


def stopped() -> ModelError:
    """The error of a call that was not sent because the run is being stopped. The unit stays as it was."""
    hint = "Run the same command again later; finished units are kept"
    return ModelError("Stopped before the model was asked.", hint, kind="stopped", stops_run=True)
