"""codart suggestions, status: see what came of asking for codes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, check_choice, opened
from assistant.cli.output import entries, say, shorten, show_json, table
from assistant.vocabulary import CoderKind, RecordState, SuggestionKind, Support, UnitState

if TYPE_CHECKING:
    from assistant.model import Record
    from assistant.project import Project

app = typer.Typer(help="List and read suggestions and codings.", rich_markup_mode=None, no_args_is_help=True)


@app.command("list")
def list_suggestions(
    state: Annotated[str, typer.Option(help="suggested, accepted, edited or rejected.")] = "",
    code: Annotated[str, typer.Option(help="A code's id, its beginning (dart.access), or an open label.")] = "",
    document: Annotated[str, typer.Option(help="A document's id or name.")] = "",
    case: Annotated[str, typer.Option(help="A case.")] = "",
    kind: Annotated[str, typer.Option(help="open or assignment.")] = "",
    coder: Annotated[str, typer.Option(help="model, human or gold.")] = "",
    run: Annotated[int, typer.Option(help="Only this run.", show_default=False)] = 0,
    supported: Annotated[str, typer.Option(help="Only what the last check (--verify) found: yes, partly or no.")] = "",
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """List suggestions and codings; AI and human work are told apart in every line.

    Example: codart suggestions list --code dart.access --state suggested
    """
    check_choice("state", state, get_args(RecordState))
    check_choice("kind of coding", kind, get_args(SuggestionKind))
    check_choice("kind of coder", coder, get_args(CoderKind))
    check_choice("result of a check", supported, get_args(Support))
    with opened(project) as study:
        wanted = study.documents.find(document).id if document else None
        records = [
            r
            for r in _records(study)
            if (not state or r.state == state)
            and (not code or r.code == code or r.code.startswith(code + "."))
            and (wanted is None or r.document == wanted)
            and (not case or r.case == case)
            and (not kind or r.kind == kind)
            and (not coder or r.coder.kind == coder)
            and (not run or r.run == run)
            and (not supported or (r.checks and r.checks[-1].supported == supported))
        ]
    if as_json:
        from assistant.exporting.jsonl import as_dict

        show_json([as_dict(r) for r in records])
    elif not records:
        say(f"no suggestion fits; use fewer filters, or ask for some with: codart suggest{at(project)}")
    else:
        entries([_entry(r) for r in records])
        say(f"{len(records)} in all; decide with: codart accept ID …, codart reject ID …, codart edit ID …")


def _entry(record: Record) -> tuple[str, str]:
    code = " ".join(part for part in (record.code, record.polarity) if part)
    coder = record.coder.name if record.coder.kind == "model" else f"{record.coder.name} ({record.coder.kind})"
    flags = "".join(f"  ⚠ {flag}" for flag in record.flags)
    where = f"{record.document}#{record.segment}"
    check = f"  ·  check: {record.checks[-1].supported}" if record.checks else ""
    head = f"{record.id:>4}  {code}  ·  {where}  ·  {coder}, {record.state}{check}{flags}"
    return head, f"“{shorten(record.quote, 160)}”"


@app.command("show")
def show(
    suggestion: Annotated[int, typer.Argument(help="An id from the list.")],
    prompt: Annotated[bool, typer.Option("--prompt", help="Also the prompt as it was sent.")] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show one suggestion: its quote in place, why it was made, what was decided.

    Example: codart suggestions show 12 --prompt
    """
    from assistant.exporting.jsonl import as_dict

    with opened(project) as study:
        _, segment_id = study.codings.record(suggestion)
        record = next(r for r in _records(study) if r.id == suggestion)
        segment = study.documents.segment(segment_id)
        text = study.documents.get(record.document).text
        sent = study.replies.sent(record.run or 0, segment_id)
    if as_json:
        shown = asdict(sent) if sent and prompt else None
        extra = {"segment_text": segment.span.of(text), "prompt": shown}
        show_json(as_dict(record) | extra)
        return
    names = " / ".join(n for n in (record.code_zh, record.code_en) if n)
    say(f"{record.id}  {record.code}{f' ({names})' if names else ''}  {record.polarity or ''}  {record.state}")
    say(f"by {record.coder.name} ({record.coder.kind}), run {record.run}")
    say(
        f"in {record.document_name} (document {record.document}), segment {record.segment}, "
        f"{record.start}-{record.end}, {record.quote_status} {' '.join(record.flags)}".rstrip()
    )
    say()
    say(f"{text[segment.span.start : record.start]}⟦{record.quote}⟧{text[record.end : segment.span.end]}".strip())
    say()
    if record.rationale:
        say(f"why: {record.rationale}")
    for check in record.checks:
        reason = f": {check.why}" if check.why else ""
        say(f"check (run {check.run}, {check.model}): {check.supported}{reason}")
    for verdict in as_dict(record)["decisions"]:
        say(_verdict(verdict))
    if sent:
        counted = "by estimate" if sent.tokens_estimated else "counted"
        say(f"prompt: {sent.tokens} tokens {counted}{''.join('; ' + loss for loss in sent.trimmed)}")
    for message in sent.messages if sent and prompt else ():
        say(f"\n--- {message.role} ---\n{message.content}")


def _verdict(verdict: dict[str, Any]) -> str:
    """A decision as exports have it, in words, with what became of it."""
    why = f": {verdict['why']}" if verdict["why"] else ""
    said = f"{verdict['action']} by {verdict['coder']}, {verdict['created'][:16]}{why}"
    withdrawn = verdict["withdrawn"]
    if not withdrawn:
        return said
    reason = f": {withdrawn['why']}" if withdrawn["why"] else ""
    return f"{said} (decision {verdict['id']}, taken back {withdrawn['created'][:16]}{reason})"


def _records(study: Project) -> list[Record]:
    from assistant.studying import labelled

    books = {(book.id, book.version): book for book in study.codebooks.all()}
    return [labelled(record, books) for record in study.codings.records()]


def status(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """Show where the project stands: documents, units by state, suggestions, discards, decisions.

    Example: codart status --json
    """
    from assistant.cli.board import name_of
    from assistant.project import Choice
    from assistant.segmenting import scheme

    with opened(project) as study:
        documents = study.documents.all()
        segments = study.documents.count_segments(scheme(study.settings.segment_size))
        runs = study.runs.all()
        units = study.units.states()
        unfinished = [run.id for run in runs if study.units.count_open(run.id, Choice())]
        unasked = study.units.unasked(scheme(study.settings.segment_size))
        suggestions, decisions = study.codings.count()
        flaws: dict[str, int] = {}
        for discard in study.codings.discards():
            flaws[discard.flaw] = flaws.get(discard.flaw, 0) + 1
        question = study.settings.question
    if as_json:
        show_json(
            {
                "documents": len(documents),
                "segments": segments,
                "units": units,
                "suggestions": suggestions,
                "discards": dict(sorted(flaws.items())),
                "decisions": decisions,
                "unasked": unasked,
                "runs": [asdict(r) for r in runs],
            }
        )
        return
    say(f"question: {question or '(none yet; write it into codart.toml)'}")
    say(f"{len(documents)} documents, {segments} segments")
    if runs:
        keys: list[UnitState] = ["coded", "none", "failed", "refused", "pending"]
        rows = [[r.id, name_of(r), r.model, *(r.units[k] for k in keys)] for r in runs]
        table(["run", "what", "model", *keys], rows)
    for run in runs:
        for kind, count in run.errors.items():
            say(f"run {run.id}: {count} failed, {kind}: {shorten(run.reasons[kind], 160)}")
        if run.units["refused"]:
            say(f"run {run.id}: {run.units['refused']} refused: {shorten(run.reasons.get('refusal', ''), 160)}")
    discarded = ", ".join(f"{count} {flaw}" for flaw, count in sorted(flaws.items())) or "none"
    say(f"{suggestions} suggestions, {decisions} decisions; discarded: {discarded}")
    _next_step(bool(runs), unfinished, unasked, bool(documents), at(project))


def _next_step(runs: bool, unfinished: list[int], unasked: int, documents: bool, where: str) -> None:
    if not documents:
        say(f"next: codart add FILE … --case NAME{where}")
    elif not runs:
        say(f"next: codart suggest{where}")
    if unasked and runs:
        say(f"{unasked} segments have not been asked about yet; next: codart suggest{where}")
    for run in unfinished:
        say(f"run {run} goes on with: codart runs retry {run}{where}")
    if runs and not unfinished and not unasked:
        say(f"next: codart suggestions list{where}   ·   codart export codes.xlsx{where}")
