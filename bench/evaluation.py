"""The keyless baseline and trivial coders held against people's codings: reports, and the table of docs/eval.md.

`make eval-demo` runs it: the shipped sample gold, and sets of human codings where they lie in the folder that the
variable CODART_GOLD names (by default `../shared/gold`); a set that is not there is skipped, with that reason. All is
done by the commands a user types.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.cli import main as codart

GOLD = Path(os.environ.get("CODART_GOLD", "../shared/gold"))

# Names of the 18 aspects of the restaurant reviews, in our words: the set itself has English ids and no definitions.
ASPECTS = {
    "location_traffic": "交通",
    "location_distance_from_business_district": "离商圈远近",
    "location_easy_to_find": "好找",
    "service_wait_time": "排队等候",
    "service_waiters_attitude": "服务员态度",
    "service_parking_convenience": "停车方便",
    "service_serving_speed": "上菜速度",
    "price_level": "价格水平",
    "price_cost_effective": "性价比",
    "price_discount": "折扣优惠",
    "environment_decoration": "装修环境",
    "environment_noise": "安静吵闹",
    "environment_space": "空间座位",
    "environment_cleaness": "干净卫生",
    "dish_portion": "菜量分量",
    "dish_taste": "味道口味",
    "dish_look": "菜品外观",
    "dish_recommendation": "推荐再来",
}


@dataclass(frozen=True, slots=True)
class Set:
    """A project that is ready to be asked about: its folder and whether its gold is of open codes."""

    name: str
    folder: Path
    open_codes: bool
    note: str


Maker = Callable[[Path], "Sequence[Set]"]


def sample(out: Path) -> list[Set]:
    """The sample corpus with the sample gold of two coders."""
    folder = out / "sample"
    run("demo", folder)
    run("gold", "import", "--sample", "--project", folder)
    note = "sample gold, written for codart; two coders"
    return [Set("sample-dart", folder, False, note), Set("sample-open", folder, True, note)]


def games_as_art(out: Path) -> list[Set]:
    """Survey texts on games as art: open codes in three passes, each with a focus of its own."""
    rows = _jsonl(GOLD / "en-games-as-art-quotes" / "experience_texts_quote_codes.jsonl")
    folder = _project(out / "games-as-art", {row["id"]: row["text"] for row in rows}, "Games as art")
    lines = []
    for row in rows:
        for coder, quotes in row["codings"].items():
            spans = [{"start": q["start"], "end": q["end"], "code": c} for q in quotes or () for c in q["codes"] if c]
            lines.append(
                {"document": f"{row['id']}.txt", "coder": coder, "text": row["text"]}
                | ({"spans": None} if quotes is None else {"spans": [s for s in spans if s["end"] > s["start"]]})
            )
    _import(folder, out / "games-as-art.jsonl", lines, "--open")
    note = "three passes over survey texts, each with its own focus, so their overlap is a weak yardstick"
    return [Set("games-as-art", folder, True, note)]


def pdpilot(out: Path) -> list[Set]:
    """Seven interviews, coded by consensus with a tree of codes; compared by its eight themes."""
    source = GOLD / "en-pdpilot-interviews"
    paragraphs = json.loads((source / "transcripts_paragraphs.json").read_text(encoding="utf-8"))
    texts = {name: "\n\n".join(each) for name, each in paragraphs.items()}
    folder = _project(out / "pdpilot", texts, "User study")
    tree = json.loads((source / "code_system.json").read_text(encoding="utf-8"))
    _codebook(folder, out / "pdpilot.csv", [("/".join(c["path"]), c["memo"] or "") for c in tree])
    rows = _jsonl(source / "coded_segments.jsonl")
    there = [row for row in rows if " ".join(row["segment"].split()) in " ".join(texts[row["doc"]].split())]
    table = out / "pdpilot-gold.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["document", "quote", "code"])
        writer.writerows([f"{r['doc']}.txt", r["segment"], "/".join(r["code_path"])] for r in there)
    run("gold", "import", table, "--coder", "consensus", "--codebook", "pdpilot", "--leave-out", "--project", folder)
    lost = len(rows) - len(there)
    note = f"one consensus; {lost} of {len(rows)} coded stretches are broken by page ends of the source and left out"
    return [Set("pdpilot", folder, False, note)]


def asap(out: Path) -> list[Set]:
    """200 Chinese restaurant reviews, one adjudicated set of 18 aspects each."""
    rows = _jsonl(GOLD / "zh-asap-restaurant-aspects" / "reviews_200.jsonl")
    folder = _project(out / "asap", {row["id"]: row["text"] for row in rows}, "餐厅点评", size="turn")
    _codebook(folder, out / "asap.csv", [(name, "") for name in ASPECTS.values()])
    signs = {1: "+", 0: "±", -1: "-"}
    lines = []
    for row in rows:
        named = {ASPECTS[aspect]: signs[sign] for aspect, sign in row["aspects"].items()}
        lines.append({"document": f"{row['id']}.txt", "unit": 1, "coder": "adjudicated", "codes": sorted(named)})
    _import(folder, out / "asap.jsonl", lines, "--codebook", "asap")
    return [Set("asap", folder, False, "one adjudicated label set; names of the aspects only, no definitions")]


SETS: dict[str, tuple[str, Maker]] = {
    "sample": ("", sample),
    "games-as-art": ("en-games-as-art-quotes", games_as_art),
    "pdpilot": ("en-pdpilot-interviews", pdpilot),
    "asap": ("zh-asap-restaurant-aspects", asap),
}


def main(out: Path) -> None:
    """Make every set that is there, run the baseline, write reports into `out`, print and write the table."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    lines = [
        "| set | people | units, documents | coder | alpha, Jaccard distance | people | F1 pooled | people |",
        "|---|---|---|---|---|---|---|---|",
    ]
    inductive = [
        "| set | held against | codes | recall | precision | novelty | beyond chance s* | same words marked, F1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, (needed, make) in SETS.items():
        if needed and not (GOLD / needed).is_dir():
            say(f"{name}: skipped, {GOLD / needed} is not there")
            continue
        for one in make(out):
            say(f"{one.name}: asking the keyless baseline, then writing reports")
            result = report(out, one)
            (inductive if one.open_codes else lines).extend(
                _open_rows(one, result) if one.open_codes else _rows(one, result)
            )
    text = "\n".join([*lines, "", *inductive, ""])
    (out / "table.md").write_text(text, encoding="utf-8")
    print(text)
    say(f"reports and table.md are in {out}")


def report(out: Path, one: Set) -> dict[str, Any]:
    """Ask the baseline, write the reports of a set in all forms, and give back the result."""
    only = "open" if one.open_codes else "assignment"
    run("eval", "run", "--model", "lexical", "--only", only, "--project", one.folder, failing=True)
    kind = ["--open"] if one.open_codes else []
    book = ["--codebook", one.name] if one.name in ("pdpilot", "asap") else []
    for language in ("en", "zh"):
        files = [f"--out={out / f'{one.name}.{language}.{form}'}" for form in ("html", "md", "tex", "docx")]
        run("eval", "report", *files, *kind, *book, "--lang", language, "--project", one.folder)
    stored = out / f"{one.name}.json"
    run("eval", "report", "-o", stored, *kind, *book, "--project", one.folder)
    found: dict[str, Any] = json.loads(stored.read_text(encoding="utf-8"))
    return found


def _rows(one: Set, result: dict[str, Any]) -> list[str]:
    data, human = result["data"], result["human"]
    about = f"| {one.name} | {len(data['people'])} | {data['units']}, {data['documents']}"
    beside = [figure(human["overall"][name]) if human else "one coder" for name in ("alpha_jaccard", "f1_micro")]
    rows = []
    for judged in result["runs"]:
        alpha, f1 = (figure(judged["score"]["overall"][name]) for name in ("alpha_jaccard", "f1_micro"))
        rows.append(f"{about} | {judged['model']}, keyless baseline | {alpha} | {beside[0]} | {f1} | {beside[1]} |")
    for name, scores in result["trivial"].items():
        alpha, f1 = (plain(scores["overall"][key]) for key in ("alpha_jaccard", "f1_micro"))
        rows.append(f"{about} | {name} | {alpha} | {beside[0]} | {f1} | {beside[1]} |")
    return rows


def _open_rows(one: Set, result: dict[str, Any]) -> list[str]:
    rows = []
    for pair in result["open"]["pairs"]:
        point = pair["at_tau"]
        figures = (point["recall"], point["precision"], point["novelty"], pair["adjusted"]["value"])
        words = " | ".join(map(plain, figures))
        spans = figure(pair["spans"]["f1"]) if "f1" in pair["spans"] else "-"
        codes = f"{pair['other_codes']} beside {pair['human_codes']}"
        rows.append(f"| {one.name} | {pair['other']} against {pair['human']} | {codes} | {words} | {spans} |")
    return rows


def figure(measure: dict[str, Any]) -> str:
    """A value with its interval, or why there is none."""
    if measure["value"] is None:
        return str(measure["status"])
    interval = "" if measure["low"] is None else f" [{measure['low']:.2f}, {measure['high']:.2f}]"
    return f"{plain(measure['value'])}{interval}"


def plain(value: float | None) -> str:
    """A value without an interval."""
    return "-" if value is None else f"{round(value, 2) + 0.0:.2f}"


def run(*arguments: object, failing: bool = False) -> None:
    """One command, as a user types it; what it prints is kept for the case that it fails.

    `failing`: some units may fail; they are then missing in the report, and counted there.
    """
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            codart([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
    if code and not (failing and code == 1):
        sys.exit(f"codart {' '.join(map(str, arguments))}\n{printed.getvalue()}")


def say(text: str) -> None:
    """A line on how it goes."""
    print(text, file=sys.stderr, flush=True)


def _project(folder: Path, texts: dict[str, str], case: str, *, size: str = "paragraph") -> Path:
    source = folder.with_name(f"{folder.name}-texts")
    source.mkdir(parents=True)
    for name, text in texts.items():
        (source / f"{name}.txt").write_text(text, encoding="utf-8", newline="\n")
    run("init", folder)
    settings = folder / "codart.toml"
    said = settings.read_text(encoding="utf-8")
    settings.write_text(said.replace('size = "paragraph"', f'size = "{size}"'), encoding="utf-8")
    run("add", source, "--case", case, "--project", folder)
    return folder


def _codebook(folder: Path, path: Path, codes: Iterable[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "definition"])
        writer.writerows(codes)
    run("codebook", "import", path, "--project", folder)


def _import(folder: Path, path: Path, lines: Iterable[dict[str, Any]], *options: str) -> None:
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    run("gold", "import", path, *options, "--project", folder)


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "eval-demo"))
