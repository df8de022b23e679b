"""The commands of `codart`. Heavy libraries are imported inside the commands, so that --help is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant import __version__
from assistant.cli import (
    chat,
    codebooks,
    decide,
    documents,
    evaluate,
    exports,
    golds,
    lookup,
    memo,
    runs,
    setup,
    suggest,
    suggestions,
    undo,
)

app = typer.Typer(
    name="codart",
    help="Suggests open codes and DART assignments for case documents, each with a quote proven to stand in the "
    "source; you decide. Start with: codart demo",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"codart {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the full traceback of an error.")] = False,
) -> None:
    pass


app.command("demo")(setup.demo)
app.command("init")(setup.init)
app.command("add")(documents.add)
app.add_typer(documents.app, name="documents")
app.add_typer(codebooks.app, name="codebook")
app.command("suggest")(suggest.suggest)
app.add_typer(suggestions.app, name="suggestions")
app.add_typer(runs.app, name="runs")
app.command("accept")(decide.accept)
app.command("reject")(decide.reject)
app.command("edit")(decide.edit)
app.command("undo")(undo.undo)
app.add_typer(memo.app, name="memo")
app.command("chat")(chat.chat)
app.command("chats")(chat.chats)
app.command("status")(suggestions.status)
app.command("search")(lookup.search)
app.command("quote")(lookup.quote)
app.command("export")(exports.export)
app.add_typer(golds.app, name="gold")
app.add_typer(evaluate.app, name="eval")
