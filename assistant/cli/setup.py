"""codart init and codart demo: a project folder to begin with."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.options import check_choice, quoted
from assistant.cli.output import say
from assistant.errors import UsageError

DEMO_QUESTION = (
    "用户怎样参与价值创造，企业又怎样回应？ How do users take part in value creation, and how do firms answer?"
)


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    question: Annotated[str, typer.Option(help="The research question; it stands in every prompt.")] = "",
    coder: Annotated[str, typer.Option(help="Whose name decisions carry; your login name if left out.")] = "",
    language: Annotated[str, typer.Option(help="Of reports: zh or en; the question's language if left out.")] = "",
) -> None:
    """Begin a project: a folder with codart.toml (settings) and project.db (everything else).

    Example: codart init myproject --question "How do users take part in value creation?"
    """
    from assistant.project import Project
    from assistant.settings import Settings

    check_choice("report language", language, ("zh", "en"))
    settings = Settings(question=question, coder=coder or _login(), language=language or _language_of(question))
    Project.create(folder, settings).close()
    say(f"{folder} is ready. Its settings are in {folder / 'codart.toml'}.")
    if not question:
        say("no research question yet: write it into codart.toml, it makes suggestions sharper")
    say(f"next: codart add FILE … --case NAME --project {quoted(folder)}")


def demo(
    folder: Annotated[Path, typer.Argument(help="The folder to make the demo project in.")] = Path("codart-demo"),
) -> None:
    """Code the sample corpus with the keyless baseline and write a report to look at. Needs no key and no network.

    Example: codart demo
    """
    import yaml

    from assistant import resources
    from assistant.cli.documents import add_files, index
    from assistant.cli.exports import write
    from assistant.cli.suggest import carry_out
    from assistant.ordering import Order
    from assistant.project import Project
    from assistant.settings import Settings

    if not (folder / "codart.toml").exists():
        Project.create(folder, Settings(question=DEMO_QUESTION, coder=_login(), language="zh")).close()
    listed = yaml.safe_load((resources.CASES / "cases.yaml").read_text(encoding="utf-8"))["documents"]
    with Project.open(folder) as study:
        if study.settings.question != DEMO_QUESTION:
            raise UsageError(f"{folder} is a project of yours, not a demo", "name another folder: codart demo FOLDER")
        results = add_files(study, [(resources.CASES / d["file"], d["case"], d["kind"]) for d in listed])
        broken = [r for r in results if r["error"]]
        if broken:
            raise UsageError(f"the sample corpus cannot be read: {broken[0]['error']}", "install codart again")
        index(study)
        say(f"{len(results)} sample documents of {len({d['case'] for d in listed})} cases")
        carry_out(study, Order("lexical"), hints=False)
        report = folder / "report.html"
        write(study, report, "zh")
        write(study, folder / "report.en.html", "en")
    say("These codes come from `lexical`, a keyless baseline that only compares words; it is not a language model.")
    where = f"--project {quoted(folder)}"
    say(f"next: codart suggestions list {where}   (then: codart accept ID {where})")
    say(f"look at: {report.resolve()}   (in English: {folder / 'report.en.html'})")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such entry on some systems
        return "coder"


def _language_of(question: str) -> str:
    from assistant.languages import detect

    return "en" if not question or detect(question) == "en" else "zh"
