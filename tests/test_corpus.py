"""The shipped sample documents: `cases.yaml` and SOURCES.md say what is there, and nothing is taken over."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

import pytest
import yaml

from assistant.resources import CASES

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "corpus" / "SOURCES.md"
SEEDS = ROOT.parent / "shared" / "seeds"
KEYS = {"file", "case", "kind", "language"}
KINDS = {"article", "interview", "forum", "report", "table", "subtitles"}
FORMATS = {".txt", ".md", ".html", ".csv", ".srt"}
ZH_RUN, EN_RUN = 12, 8  # consecutive CJK characters, or English words, that count as taken over


def listed() -> list[dict[str, str]]:
    loaded = yaml.safe_load((CASES / "cases.yaml").read_text(encoding="utf-8"))
    assert set(loaded) == {"documents"}
    documents: list[dict[str, str]] = loaded["documents"]
    return documents


NAMES = [document["file"] for document in listed()]


def text(name: str) -> str:
    return (CASES / name).read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the SOURCES.md table whose first column has that heading."""
    lines = SOURCES.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]])
    return table


def hard_places() -> list[tuple[str, str, str, int]]:
    return [(place, file, words[1:-1], int(times)) for place, file, words, times in rows("Hard place")]


def places(kind: str) -> list[tuple[str, str]]:
    """File and words of the hard places whose name starts so; there is at least one."""
    found = [(file, words) for place, file, words, _ in hard_places() if place.startswith(kind)]
    assert found, kind
    return found


def runs(source: str) -> set[str]:
    """Every run of ZH_RUN CJK characters and of EN_RUN English words; punctuation and case do not hide a copy."""
    zh = "".join(re.findall(r"[\u3400-\u9fff]", source))
    en = re.findall(r"[a-z0-9']+", source.lower().replace("’", "'"))
    return {zh[i : i + ZH_RUN] for i in range(len(zh) - ZH_RUN + 1)} | {
        " ".join(en[i : i + EN_RUN]) for i in range(len(en) - EN_RUN + 1)
    }


def test_list_and_files_match_both_ways() -> None:
    files = {path.name for path in CASES.iterdir() if path.name != "cases.yaml"}
    assert len(NAMES) == len(set(NAMES))
    assert set(NAMES) == files


@pytest.mark.parametrize("document", listed(), ids=NAMES)
def test_every_item_is_complete_and_agrees_with_its_file_name(document: dict[str, str]) -> None:
    assert set(document) == KEYS
    assert document["kind"] in KINDS
    assert document["case"].strip() == document["case"] != ""
    name = document["file"]
    assert re.fullmatch(r"[a-z0-9-]+\.(zh|en|mixed)\.[a-z]+", name)
    assert name.split(".")[1] == document["language"]
    assert Path(name).suffix in FORMATS


def test_the_corpus_is_as_large_and_as_mixed_as_promised() -> None:
    documents = listed()
    languages = [document["language"] for document in documents]
    assert len(documents) >= 14
    assert len({document["case"] for document in documents}) >= 7
    assert languages.count("zh") > len(documents) / 2
    assert languages.count("en") >= 4
    assert languages.count("mixed") >= 1
    assert {document["kind"] for document in documents} == KINDS
    assert {Path(name).suffix for name in NAMES} == FORMATS
    assert len({document["kind"] for document in documents if document["case"] == "Haier"}) >= 2


@pytest.mark.parametrize("document", listed(), ids=NAMES)
def test_the_text_is_canonical_and_in_the_language_listed(document: dict[str, str]) -> None:
    raw = (CASES / document["file"]).read_bytes()
    words = raw.decode("utf-8")
    assert 600 <= len(words) <= 2500
    assert unicodedata.is_normalized("NFC", words)
    assert not words.startswith("\ufeff")
    assert words.endswith("\n")
    zh = len(re.findall(r"[\u3400-\u9fff]", words))
    en = len(re.findall(r"[A-Za-z]{2,}", words))
    assert {"zh": zh > 5 * en, "en": zh == 0, "mixed": min(zh, en) > 100}[document["language"]]


def test_sources_name_every_file_with_its_case_and_mark_the_invented_firms() -> None:
    table = {file: (case, firm) for file, case, firm, _, _ in rows("File")}
    assert set(table) == set(NAMES)
    for document in listed():
        case, firm = table[document["file"]]
        assert firm.startswith("fictitious") == document["case"].endswith("(fictitious)")
        assert case.split(" (")[0] == document["case"].split(" (")[0]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith((".csv", ".srt"))])
def test_every_prose_sample_says_itself_that_it_is_invented(name: str) -> None:
    assert re.search(r"为练习编码而写|written for coding practice", text(name)[:600])
    assert re.search(r"虚构|invented", text(name)[:600])


@pytest.mark.parametrize(
    ("place", "file", "words", "times"), hard_places(), ids=[f"{p[0]} in {p[1]}" for p in hard_places()]
)
def test_hard_place_stands_where_sources_says(place: str, file: str, words: str, times: int) -> None:
    assert file in NAMES
    assert text(file).count(words) == times > 0, place


def test_repeated_sentences_are_in_one_paragraph_one_document_or_several_documents() -> None:
    for file, words in places("sentence twice in one paragraph"):
        assert any(line.count(words) == 2 for line in text(file).splitlines())
    for file, words in places("sentence twice in one document"):
        assert text(file).count(words) == 2
        assert all(line.count(words) < 2 for line in text(file).splitlines())
    for _, words in places("sentence in several documents"):
        assert sum(words in text(name) for name in NAMES) >= 2


def test_full_width_and_half_width_stand_side_by_side() -> None:
    for file, words in places("full-width digits"):
        assert re.search(r"[０-９]", words)
        assert re.search(r"[0-9]", text(file))
    for file, words in places("half-width comma"):
        assert re.search(r"[\u3400-\u9fff],[\u3400-\u9fff]", words)
        assert "，" in text(file)


def test_emoji_and_rare_character_are_what_the_table_says() -> None:
    [(_, family)] = places("emoji of five code points")
    assert len(family) == 5
    assert family.count("\u200d") == 2
    [(rare_file, rare)] = places("Chinese character beyond the BMP")
    assert any(unicodedata.name(c).startswith("CJK") and ord(c) > 0xFFFF for c in rare)
    astral_cjk = {name for name in NAMES if re.search(r"[\U00020000-\U0003ffff]", text(name))}
    assert astral_cjk == {rare_file}


@pytest.mark.parametrize("negator", ["并不", "并没有", "没有", "从不", "从未", "did not", "never", "hardly"])
def test_negations_are_part_of_the_words_listed(negator: str) -> None:
    assert all(negator in words.lower() for _, words in places(f"negation {negator}"))


def test_injections_stand_in_forum_threads_in_both_languages() -> None:
    kinds = {document["file"]: document["kind"] for document in listed()}
    found = places("prompt injection")
    assert {kinds[file] for file, _ in found} == {"forum"}
    assert {file.split(".")[1] for file, _ in found} == {"zh", "en"}


def test_tables_are_tables_of_their_format() -> None:
    formats = {"table, HTML": ".html", "table, Markdown": ".md"}
    for kind, suffix in formats.items():
        for file, words in places(kind):
            assert Path(file).suffix == suffix
            lines = text(file).splitlines()
            at = lines.index(words)
            assert re.match(r"<tr>|\|", lines[at + 1])
            assert re.match(r"<tr>|\|", lines[at + 2])


def test_csv_rows_have_the_columns_of_the_header_and_one_cell_of_two_lines() -> None:
    [name] = [name for name in NAMES if name.endswith(".csv")]
    with (CASES / name).open(encoding="utf-8", newline="") as stream:
        header, *body = list(csv.reader(stream))
    assert header == ["编号", "用户", "日期", "留言"]
    assert [row[0] for row in body] == [str(i) for i in range(1, len(body) + 1)]
    assert {len(row) for row in body} == {len(header)}
    assert sum("\n" in row[3] for row in body) == 1


def test_subtitle_cues_are_numbered_and_do_not_overlap() -> None:
    [name] = [name for name in NAMES if name.endswith(".srt")]
    cues = text(name).strip().split("\n\n")
    clock = r"\d\d:\d\d:\d\d,\d{3}"
    times: list[str] = []
    for number, cue in enumerate(cues, start=1):
        first, timing, *lines = cue.splitlines()
        assert first == str(number)
        assert re.fullmatch(rf"{clock} --> {clock}", timing)
        assert any(lines)
        times += timing.split(" --> ")
    assert times == sorted(times)


def test_interviews_have_turns_of_both_speakers() -> None:
    speakers = {"zh": ("访谈者：", "受访者："), "en": ("Interviewer: ", "Interviewee: ")}
    interviews = [document for document in listed() if document["kind"] == "interview"]
    assert {document["language"] for document in interviews} == {"zh", "en"}
    for document in interviews:
        lines = text(document["file"]).splitlines()
        for speaker in speakers[document["language"]]:
            assert sum(line.startswith(speaker) for line in lines) >= 6


@pytest.mark.parametrize("folder", ["corpus", "prompts"])
def test_data_folders_hold_no_program(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert list((ROOT / folder).rglob("*.py")) == []


def test_runs_find_a_copied_phrase_in_either_language() -> None:
    assert runs("他说：一二三四五六七八，九十甲乙。") & runs("一二三四五六七八九十甲乙！")
    assert runs("So they’re all of one mind and one heart.") & runs("They're all of one MIND, and one HEART!")
    assert not runs("一二三四五六七八九十甲") & runs("一二三四五六七八九十甲")


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"no seed texts beside the project ({SEEDS.name}/)")
@pytest.mark.parametrize("name", NAMES)
def test_no_phrase_is_taken_over_from_the_seed_texts(name: str) -> None:
    seeds = [path.read_text(encoding="utf-8") for path in SEEDS.glob("*.txt")]
    assert seeds
    taken = runs(text(name)) & set().union(*(runs(seed) for seed in seeds))
    assert taken == set()
