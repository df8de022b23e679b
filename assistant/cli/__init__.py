"""The command line: the only room that prints, and the one place where errors are shown."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> None:
    """Run `codart` with these arguments (the process's own by default) and exit: 0 done, 1 trouble, 2 wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    sys.exit(_run([word for word in given if word != "--debug"], debug=debug))


def _run(arguments: list[str], *, debug: bool) -> int:
    from assistant.cli.app import app
    from assistant.cli.output import note
    from assistant.errors import CodartError, UsageError

    try:
        app(args=arguments, prog_name="codart")
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
        if code == _INTERRUPTED:  # how typer ends on Ctrl-C
            note("stopped; all that was finished is stored. The same command goes on from here.")
        return code
    except CodartError as error:
        if debug:
            raise
        note(f"error: {error.message}")
        if error.hint:
            note(f"  help: {error.hint}")
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; Python must not complain about it at exit
        return 1
    except Exception as error:
        if debug:
            raise
        note(f"error: {type(error).__name__}: {error}")
        note("  help: this is a fault in codart; run the same command with --debug and report what it prints")
        return 1
    return 0
