"""Codebooks: the shipped ones are complete and hold their probes; parsing, versions, lookup and every refusal."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from assistant.codebook import (
    check,
    content_version,
    dump_yaml,
    parse_csv,
    parse_yaml,
    resolve,
    terms,
    wording,
)
from assistant.codebook_csv import has_cjk, tidy
from assistant.errors import CodebookError
from assistant.model import Code, Codebook, CodeExample, Probe, ProbeCoding

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "corpus" / "codebooks").glob("*.yaml"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in FILES}
BOOKS = {name: parse_yaml(text, where=f"{name}.yaml") for name, text in TEXTS.items()}
SERDIF = ROOT.parent / "shared" / "gold" / "taguette-serdif" / "codebook_iterations" / "codebook_20220223_5.csv"
CODES = [pytest.param(code, id=code.id) for book in BOOKS.values() for code in book.codes]

MINI = """\
id: mini
en: Mini
codes:
  - id: mini.trust
    en: Trust
  - id: mini.trust.earned
    en: Earned trust
"""

# What a researcher expects of the probes: block, polarity. Written down apart from the book.
EXPECTED: dict[str, set[tuple[str, str]]] = {
    "p01": set(),
    "p02": set(),
    "p03": {("dialogue", "+")},
    "p04": {("dialogue", "-")},
    "p05": {("dialogue", "+")},
    "p06": {("access", "-")},
    "p07": {("access", "+")},
    "p08": {("access", "+")},
    "p09": set(),
    "p10": {("risk", "+")},
    "p11": {("risk", "+")},
    "p12": set(),
    "p13": {("transparency", "-")},
    "p14": {("transparency", "+"), ("risk", "+")},
    "p15": {("transparency", "±")},
    "p16": {("transparency", "+")},
    "p17": {("transparency", "+")},
    "p18": {("transparency", "+"), ("dialogue", "+")},
    "p19": {("risk", "-")},
}


def test_the_six_books_are_shipped_under_their_ids() -> None:
    assert set(BOOKS) == {"dart", "drivers", "ecosystem", "logic", "participation", "stages"}
    assert all(book.id == name for name, book in BOOKS.items())


@pytest.mark.parametrize("name", BOOKS)
def test_shipped_book_gives_no_warning_and_survives_a_round_trip(name: str) -> None:
    assert check(BOOKS[name]) == []
    assert parse_yaml(dump_yaml(BOOKS[name]), where="dump") == BOOKS[name]


@pytest.mark.parametrize("name", BOOKS)
def test_shipped_header_says_lens_logic_school_and_that_examples_are_invented(name: str) -> None:
    book = BOOKS[name]
    for word in ("Lens: ", "Logic: ", "School: ", "虚构示例", "视角：", "逻辑："):
        assert word in book.description
    assert len(book.rules) == len(book.rules_zh) > 0
    assert not any(has_cjk(rule.replace("待核实", "")) and not re.search("[a-z]", rule) for rule in book.rules)
    assert all(has_cjk(rule) for rule in book.rules_zh)
    assert has_cjk(book.none_label_zh) and not has_cjk(book.none_label_en)
    assert TEXTS[name].splitlines()[1].endswith("均为虚构。")


@pytest.mark.parametrize("name", BOOKS)
def test_shipped_sources_are_marked_and_the_unchecked_ones_say_so(name: str) -> None:
    assert BOOKS[name].sources
    for source in BOOKS[name].sources:
        assert re.search(r"\[(V2?|R)\b", source), source
        assert len(re.findall(r"\bR\b,", source)) == len(re.findall("R, not checked", source)), source


@pytest.mark.parametrize("code", CODES)
def test_shipped_code_has_every_field_in_both_languages(code: Code) -> None:
    chinese = [code.zh, code.definition_zh, *code.cues_zh]
    english = [code.en, code.definition, *code.cues_en]
    assert code.cues_zh and code.cues_en and code.include and code.exclude and code.examples and code.near_misses
    for example in (*code.examples, *code.near_misses):
        chinese.append(example.zh)
        english.append(example.en)
    for both in (*code.include, *code.exclude, *(one.why for one in (*code.examples, *code.near_misses))):
        assert both.count(" | ") == 1, both
        chinese.append(wording(both, "zh"))
        english.append(wording(both, "en").replace("以机密为由", ""))
    assert [text for text in chinese if not has_cjk(text) and text != "App"] == []
    assert [text for text in english if not text or has_cjk(text)] == []


def test_dart_has_the_four_blocks_with_sub_codes_and_their_other_names() -> None:
    dart = BOOKS["dart"]
    blocks = [code.id for code in dart.codes if not code.parent]
    assert blocks == ["dart.dialogue", "dart.access", "dart.risk", "dart.transparency"]
    assert {code.parent for code in dart.codes} == {"", *blocks}
    assert dart.attributes == ("polarity", "modality", "voice")
    assert dart.none_label_zh == "无DART"
    names = {"可及性": "access", "接触": "access", "渠道": "access", "透明度": "transparency", "风险-收益": "risk"}
    for name, block in names.items():
        assert resolve(dart, name) == dart.code(f"dart.{block}")


def test_dart_probes_hold_the_expected_codings() -> None:
    found = {
        probe.id: {(coding.code.split(".")[1], str(coding.polarity)) for coding in probe.expected}
        for probe in BOOKS["dart"].probes
    }
    assert found == EXPECTED


def test_dart_probes_name_sub_code_modality_and_voice_where_the_passage_does() -> None:
    first = {probe.id: probe.expected[0] for probe in BOOKS["dart"].probes if probe.expected}
    assert first["p05"].code == "dart.dialogue.networking"
    assert first["p08"].code == "dart.access.use_without_owning"
    assert first["p11"].code == "dart.risk.shared_duty"
    assert (first["p16"].modality, first["p16"].voice) == ("promised", "firm")
    assert {coding.modality for name, coding in first.items() if name != "p16"} == {"practised"}


@pytest.mark.parametrize(("name", "probe"), [(name, probe) for name, b in BOOKS.items() for probe in b.probes])
def test_probe_quotes_stand_once_in_the_passage_and_cut_off_no_negator(name: str, probe: Probe) -> None:
    for coding in probe.expected:
        assert BOOKS[name].code(coding.code) is not None
        assert probe.text.count(coding.quote) == 1
        before = probe.text[: probe.text.index(coding.quote)]
        assert not re.search(r"([不没未无非]|\b(not|no|never) )$", before)
        if "polarity" in BOOKS[name].attributes:
            assert coding.polarity in ("+", "-", "±")


def test_every_block_has_a_probe_for_each_polarity_of_the_theory() -> None:
    held = set().union(*EXPECTED.values())
    wanted = {(block, polarity) for block in ("dialogue", "access", "risk", "transparency") for polarity in "+-"}
    assert held == wanted | {("transparency", "±")}


@pytest.mark.parametrize("name", BOOKS)
def test_every_book_has_a_probe_with_codes_and_one_with_none(name: str) -> None:
    assert {bool(probe.expected) for probe in BOOKS[name].probes} == {True, False}


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        keys = order.sample(list(value), len(value))
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(40, 200), st.integers(2, 8), st.booleans())
def test_version_ignores_key_order_layout_and_comments(
    order: random.Random, width: int, indent: int, flow: bool
) -> None:
    data = shuffled(yaml.safe_load(TEXTS["participation"]), order)
    dumped = yaml.safe_dump(data, allow_unicode=True, width=width, indent=indent, sort_keys=False)
    if flow:
        dumped = yaml.safe_dump(data, allow_unicode=True, default_flow_style=True, sort_keys=False)
    text = f"# a comment\n\n{dumped}\n# another\n"
    assert parse_yaml(text, where="x") == BOOKS["participation"]


LISTS = ["aliases", "include", "exclude", "cues_zh", "cues_en"]
PLAIN = ["zh", "en", "facet", "definition", "definition_zh"]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_version_changes_with_any_text_of_a_code(data: st.DataObject) -> None:
    raw = yaml.safe_load(TEXTS["participation"])
    code = data.draw(st.sampled_from(raw["codes"]))
    field = data.draw(st.sampled_from([*LISTS, *PLAIN, "examples", "near_misses"]))
    if field in ("examples", "near_misses"):
        code[field][0][data.draw(st.sampled_from(["zh", "en", "why"]))] += "变"
    elif field in LISTS:
        code[field] = [*code.get(field, []), "变"]
    else:
        code[field] = code.get(field, "") + "变"
    changed = parse_yaml(yaml.safe_dump(raw), where="x")
    assert changed.version != BOOKS["participation"].version


@pytest.mark.parametrize("field", ["zh", "en", "description", "none_label_zh", "none_label_en"])
def test_version_changes_with_the_header_but_not_with_the_sources(field: str) -> None:
    book = BOOKS["logic"]
    edited = dataclasses.replace(book, **{field: getattr(book, field) + "x"})
    assert content_version(edited) != book.version
    assert content_version(dataclasses.replace(book, sources=("another",))) == book.version
    for many in ("rules", "rules_zh", "attributes", "probes", "codes"):
        fewer = dataclasses.replace(book, **{many: getattr(book, many)[1:]})
        assert content_version(fewer) != book.version


def test_version_ignores_blanks_that_parsing_would_tidy() -> None:
    book = parse_yaml(MINI, where="x")
    loose = dataclasses.replace(book, en=" Mini\u3000")
    assert content_version(loose) == book.version == parse_yaml(dump_yaml(loose), where="dump").version


def test_version_is_the_sha256_of_the_canonical_content() -> None:
    canonical = (
        '{"codes":[{"en":"Trust","id":"mini.trust"},{"en":"Earned trust","id":"mini.trust.earned"}],'
        '"en":"Mini","id":"mini","none_label_en":"none","none_label_zh":"无"}'
    )
    assert parse_yaml(MINI, where="x").version == hashlib.sha256(canonical.encode()).hexdigest()[:12]


PROSE = st.text(alphabet="ab ő:#-'\"{}[]|>&*!%@,?\n 对话。“”…—🙂\u3000", max_size=12).map(tidy)
NAMES = PROSE.filter(bool)
EXAMPLES = st.builds(CodeExample, zh=PROSE, en=PROSE, why=PROSE)
MANY = st.lists(PROSE, max_size=3).map(tuple)


@st.composite
def codebooks(draw: st.DrawFn) -> Codebook:
    ids = ["book.one", "book.one.two", "book.三"]
    codes = tuple(
        Code(
            id=code_id, zh=draw(NAMES), en=draw(PROSE), definition=draw(PROSE), definition_zh=draw(PROSE),
            include=draw(MANY), exclude=draw(MANY), cues_zh=draw(MANY), cues_en=draw(MANY), aliases=draw(MANY),
            examples=tuple(draw(st.lists(EXAMPLES, max_size=2))), parent="book.one" if "two" in code_id else "",
            near_misses=tuple(draw(st.lists(EXAMPLES, max_size=2))), facet=draw(PROSE),
        )
        for code_id in ids
    )  # fmt: skip
    coding = st.builds(
        ProbeCoding, code=st.sampled_from(ids), quote=NAMES, polarity=st.sampled_from(["+", "-", "±", None]),
        modality=st.sampled_from(["practised", "judged", None]), voice=st.sampled_from(["firm", None]),
    )  # fmt: skip
    probe = st.builds(Probe, text=NAMES, expected=st.lists(coding, max_size=2).map(tuple), why=PROSE, id=PROSE)
    book = Codebook(
        id="book", zh=draw(PROSE), en=draw(NAMES), codes=codes, version="", description=draw(PROSE),
        rules=draw(MANY), rules_zh=draw(MANY), sources=draw(MANY), none_label_en=draw(NAMES),
        probes=tuple(draw(st.lists(probe, max_size=2))), attributes=draw(st.sampled_from([(), ("voice",)])),
    )  # fmt: skip
    return dataclasses.replace(book, version=content_version(book))


@settings(max_examples=60, deadline=None)
@given(codebooks())
def test_dump_and_parse_give_an_equal_book(book: Codebook) -> None:
    assert parse_yaml(dump_yaml(book), where="dump") == book


@given(st.text(alphabet="a b\n\t 。对“\u3000é", max_size=30))
def test_tidy_settles_at_once_and_loses_nothing_but_blanks(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert re.sub(r"\s", "", tidy(text)) == re.sub(r"\s", "", text)


def test_a_wrapped_chinese_sentence_closes_up() -> None:
    text = (
        MINI + "    definition_zh: >-\n      说到做到，\n      才有信任。\n    definition: >-\n      kept\n      word\n"
    )
    code = parse_yaml(text, where="x").code("mini.trust.earned")
    assert code is not None
    assert (code.definition_zh, code.definition, code.parent) == ("说到做到，才有信任。", "kept word", "mini.trust")


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\n" + MINI
REFUSED = {
    "empty": ("", "the file is empty", ""),
    "only blanks": (" \n\n", "the file is empty", ""),
    "only a comment": ("# nothing\n", "the file must hold", "line 1"),
    "a list": ("- id: x\n", "must hold 'key: value' pairs, not list", "line 1"),
    "no codes": ("id: mini\nen: Mini\n", "codes is missing", "line 1"),
    "codes empty": ("id: mini\nen: Mini\ncodes: []\n", "it has no codes", ""),
    "duplicate id": (MINI + "  - id: mini.trust\n    en: Again\n", "is taken by line 4", "line 8"),
    "missing parent": (MINI + "  - {id: mini.fit.good, en: Good}\n", "parent 'mini.fit'", "line 8"),
    "unknown key": (MINI + "    defintion: x\n", "unknown key codes[2].defintion", "line 8"),
    "doubled key": (MINI + "    en: Again\n", "'en' stands twice", "line 8"),
    "alias bomb": (BOMB, "alias *a is not allowed", "line 2"),
    "python tag": (MINI + "    zh: !!python/object/apply:os.getcwd []\n", "is not allowed", "line 8"),
    "number for text": (MINI + "    zh: 2023\n", "codes[2].zh must be text, not int", "line 8"),
    "bare no": (MINI + "    zh: no\n", "must be text, not bool", "line 8"),
    "text for list": (MINI + "    include: x\n", "codes[2].include must be a list, not str", "line 8"),
    "text for code": ("id: mini\nen: Mini\ncodes:\n  - trust\n", "codes[1] must hold", "line 4"),
    "no such date": (MINI + "    zh: 2024-13-01\n", "no valid date or number", ""),
    "endless number": (MINI + f"    zh: {'9' * 5000}\n", "no valid date or number", ""),
    "broken syntax": (MINI + "    zh: [x\nprobes: []\n", "expected", "line 9"),
    "minus unquoted": (MINI + "    zh: -\n", "sequence entries", "line 8"),
    "tab": (MINI + "\tzh: x\n", "", "line 8"),
    "two documents": (MINI + "---\nid: two\n", "expected a single document", "line 8"),
    "a list as key": (MINI + "    [a]: x\n", "a key must be one word", "line 8"),
    "too deep": (MINI + f"    zh: {'[' * 5000}{']' * 5000}\n", "nested deeper", "line 8"),
    "too long": (MINI + "#" * 2_000_000, "2,000,", ""),
    "control character": (MINI + "    zh: \x07\n", "not allowed", "line 8"),
    "bare letter": (MINI.replace("mini.trust", "mini.t"), "bare letter 't'", "line 4"),
    "concept number": (MINI.replace("mini.trust", "mini.a1"), "bare letter 'a1'", "line 4"),
    "bare letter of a book": (MINI.replace("mini", "d"), "bare letter 'd'", "line 1"),
    "upper case": (MINI.replace("mini.trust", "mini.Trust"), "lower-case words", "line 4"),
    "empty word": (MINI.replace("mini.trust", "mini..trust"), "lower-case words", "line 4"),
    "blank in id": (MINI.replace("mini.trust.earned", "mini.trust.two words"), "lower-case words", "line 6"),
    "book id of two words": (MINI.replace("id: mini\n", "id: mini.more\n"), "id of one word", "line 1"),
    "foreign prefix": (MINI + "  - {id: dart.access, en: A}\n", "does not begin with 'mini.'", "line 8"),
    "nameless code": (MINI + "  - {id: mini.fit}\n", "mini.fit has no name", "line 8"),
    "nameless book": (MINI.replace("en: Mini\n", ""), "a name", "line 1"),
    "empty none label": (MINI + "none_label_en: ''\n", "none_label_en", "line 8"),
    "unknown attribute": (MINI + "attributes: [mood]\n", "attributes[1]", "line 8"),
    "polarity out of range": (
        MINI + "probes:\n  - text: x\n    expected:\n      - {code: mini.trust, quote: x, polarity: '++'}\n",
        "probes[1].expected[1].polarity",
        "line 11",
    ),
    "probe of no code": (
        MINI + "probes:\n  - text: x\n    expected:\n      - {code: mini.trusty, quote: x}\n",
        "expects 'mini.trusty', which is no code",
        "line 11",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_yaml_is_refused_with_what_where_and_hint(case: str) -> None:
    text, what, place = REFUSED[case]
    with pytest.raises(CodebookError) as caught:
        parse_yaml(text, where="my.yaml")
    assert caught.value.message.startswith(f"my.yaml, {place}: " if place else "my.yaml: ")
    assert what in caught.value.message
    assert caught.value.hint


def test_unknown_names_get_the_nearest_known_one() -> None:
    for case, near in {"unknown key": "'definition'", "probe of no code": "'mini.trust'"}.items():
        with pytest.raises(CodebookError) as caught:
            parse_yaml(REFUSED[case][0], where="my.yaml")
        assert near in caught.value.hint


def test_a_real_alias_bomb_is_refused_before_it_is_built() -> None:
    levels = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]\n" for n in range(1, 40))
    with pytest.raises(CodebookError, match="alias"):
        parse_yaml("k0: &k0 [lol]\n" + levels, where="my.yaml")


ACCENTED = "id: mini\nen: Mini\ncodes:\n  - id: mini.risk\n    zh: 风险评估\n"


@pytest.mark.parametrize(
    ("written", "read"),
    [("gb18030", "utf-8"), ("gb18030", "latin-1"), ("utf-8", "latin-1"), ("utf-8", "cp1252"), ("utf-8", "gb18030")],
)
def test_garbled_text_is_refused_with_its_line(written: str, read: str) -> None:
    for text in (ACCENTED, "名称,定义\n风险,利弊权衡\n"):
        garbled = text.encode(written).decode(read, errors="replace")
        lines = "5" if text is ACCENTED else "1"
        with pytest.raises(CodebookError, match=rf"x\.csv, line {lines}: garbled") as caught:
            parse_csv(garbled, where="x.csv", codebook_id="mini")
        assert "UTF-8" in caught.value.hint


@pytest.mark.parametrize("text", ["naïve Äußerung à propos", "他说”——“好……", "‘“……”’ — ñandú", "一", "ÀÉÎÕÜ"])
def test_sound_text_with_accents_or_chinese_punctuation_is_not_taken_for_garbled(text: str) -> None:
    assert parse_csv(f"name,description\nTrust,{text}\n", where="x", codebook_id="mini").codes


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.integers(0, 400), st.integers(0, 400))
def test_any_text_is_a_book_or_a_codebook_error(noise: str, start: int, end: int) -> None:
    full = "name,path,description\nTrust,Drivers/Trust,belief\n"
    for text in (noise, MINI[:start] + noise + MINI[end:]):
        try:
            assert parse_yaml(text, where="x").codes
        except CodebookError as error:
            assert error.message.startswith("x")
    for text in (noise, full + noise, full[: start % 50] + noise + full[end % 50 :]):
        try:
            book = parse_csv(text, where="x", codebook_id="mini")
            assert parse_yaml(dump_yaml(book), where="dump").codes == book.codes
        except CodebookError as error:
            assert error.message.startswith("x")


TREE = {"mini.drivers": "", "mini.drivers.trust": "mini.drivers"}
CHINESE = {"mini.驱动因素": "", "mini.驱动因素.信任": "mini.驱动因素"}
TABLES = {
    "path": ("name,path,description\nDrivers,Drivers,what moves\nTrust,Drivers/Trust,belief\n", TREE),
    "path above": ("Name,Path,Definition\nDrivers,,what moves\nTrust,Drivers,belief\n", TREE),
    "path only": ("path;description\nDrivers > Trust;belief\n", TREE),
    "child first": ("Code\tParent code\tDescription\nTrust\tDrivers\tx\nDrivers\t\ty\n", TREE),
    "byte order mark": ("\ufeffpath,comment\r\nDrivers\\Trust,belief\r\n", TREE),
    "count ignored": ("tag,description,number of highlights\nDrivers,d,3\n", {"mini.drivers": ""}),
    "blank rows": ("name,description\n\nDrivers,d\n,\n", {"mini.drivers": ""}),
    "Chinese": ("名称,上级,定义\n驱动因素,,促使参与的因素\n信任,驱动因素,敢于交付\n", CHINESE),
    "Chinese path": ("路径,说明\n驱动因素／信任,敢于交付\n", CHINESE),
    "English ids": ("名称,英文名,路径,描述\n驱动因素,Drivers,,因素\n信任,Trust,驱动因素/信任,敢于交付\n", TREE),
    "English path": ("中文名,英文名,路径\n驱动因素,Drivers,\n信任,Trust,Drivers\n", TREE),
    "Chinese path to English ids": ("中文名,英文名,路径\n驱动因素,Drivers,\n信任,Trust,驱动因素\n", TREE),
    "words": ("name\n App 使用（试）\n", {"mini.app_使用_试": ""}),
}


@pytest.mark.parametrize("case", TABLES)
def test_csv_variants_give_the_same_tree(case: str) -> None:
    text, tree = TABLES[case]
    book = parse_csv(text, where="x.csv", codebook_id="mini")
    assert {code.id: code.parent for code in book.codes} == tree
    assert parse_yaml(dump_yaml(book), where="dump") == book


def test_csv_puts_each_text_into_the_field_of_its_language() -> None:
    text = "名称,英文名,定义,definition_zh,纳入,排除,示例\n信任,Trust,belief,敢于交付,a；b,满意;名气,他才敢给\n"
    code = parse_csv(text, where="x.csv", codebook_id="mini").codes[0]
    wanted = Code(
        id="mini.trust", zh="信任", en="Trust", definition="belief", definition_zh="敢于交付",
        include=("a", "b"), exclude=("满意", "名气"), examples=(CodeExample(zh="他才敢给"),),
    )  # fmt: skip
    assert code == wanted


def test_csv_keeps_a_third_name_as_an_alias() -> None:
    code = parse_csv("code,zh,en\nTR-trust,信任,Trust\n", where="x", codebook_id="mini").codes[0]
    assert (code.id, code.zh, code.en, code.aliases) == ("mini.trust", "信任", "Trust", ("TR-trust",))


def test_csv_keeps_a_quoted_cell_with_commas_and_lines() -> None:
    book = parse_csv('name,description\nTrust,"one, two\nthree ""four"""\n', where="x", codebook_id="mini")
    assert book.codes[0].definition == 'one, two\nthree "four"'


def test_a_level_only_a_path_names_becomes_a_code_and_a_warning() -> None:
    book = parse_csv("path,description\nDrivers/Trust,belief\n", where="x", codebook_id="mini")
    assert "mini.drivers: no definition" in check(book)
    assert "mini.drivers.trust: no definition" not in check(book)


BAD_TABLES = {
    "empty": ("", "x.csv: the file is empty"),
    "header only": ("name,description\n", "x.csv: it has no codes"),
    "collision": ("name\nTrust\nFit\ntrust!\n", "x.csv, row 4: the id 'mini.trust' is taken by row 2"),
    "missing parent": ("name,parent\nTrust,Drivers\n", "x.csv, row 2: the parent 'Drivers' is missing"),
    "doubtful parent": ("name,path,parent\nA b,x,\nA b,y,\nC d,,A b\n", "x.csv, row 4: the parent 'A b' is the name"),
    "ring": ("name,parent\nOne,Two\nTwo,One\n", "x.csv, row 2: more than 12 levels"),
    "deep path": ("path\n" + "/".join(f"word{n}" for n in range(20)) + "\n", "x.csv, row 2: more than 12 levels"),
    "unknown column": ("name,descripton\nTrust,x\n", "x.csv, row 1: unknown column 'descripton'"),
    "two columns for one": ("name,描述,定义\nTrust,x,y\n", "x.csv, row 1: '描述' and '定义' both mean definition"),
    "no name column": ("description\nx\n", "x.csv, row 1: no column holds the codes' names"),
    "no name": ("name,description\nTrust,x\n,y\n", "x.csv, row 3: the code has no name"),
    "comma unquoted": ("name,description\nTrust,one, two\n", "x.csv, row 2: 3 cells under 2 headers"),
    "quote unclosed": ('name,description\nTrust,"one\n', "x.csv, line 2: "),
    "bare letter": ("name\nTrust\nD\n", "x.csv, row 3: the id 'mini.d' has the bare letter 'd'"),
    "no letter": ("name\nTrust\n？！\n", "x.csv, row 3: '？！' has no letter"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_csv_is_refused_with_the_row(case: str) -> None:
    text, message = BAD_TABLES[case]
    with pytest.raises(CodebookError) as caught:
        parse_csv(text, where="x.csv", codebook_id="mini")
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_the_codebook_id_of_a_csv_must_be_a_word() -> None:
    with pytest.raises(CodebookError, match="bare letter 'd'"):
        parse_csv("name\nTrust\n", where="x.csv", codebook_id="D".lower())


@pytest.mark.skipif(not SERDIF.exists(), reason="needs ../shared/gold/taguette-serdif")
def test_a_codebook_other_people_exported_is_read_whole() -> None:
    text = SERDIF.read_text(encoding="utf-8")
    book = parse_csv(text, where=SERDIF.name, codebook_id="serdif")
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    assert [code.en for code in book.codes] == [tidy(row["tag"]) for row in rows]
    assert [code.definition for code in book.codes] == [tidy(row["description"]) for row in rows]


def small(**fields: Any) -> Codebook:
    full: dict[str, Any] = {
        "definition": "d", "exclude": ("e",), "examples": (CodeExample(en="x"),), "near_misses": (CodeExample(en="y"),),
    }  # fmt: skip
    first = Code(**{"id": "mini.trust", "zh": "信任", "en": "Trust", "cues_en": ("dared to",), **full})
    second = Code(**{"id": "mini.platform", "zh": "平台", "en": "Platform", **full, **fields})
    return Codebook(id="mini", zh="小", en="Mini", codes=(first, second), version="")


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"definition": ""}, "mini.platform: no definition"),
        ({"exclude": ()}, "mini.platform: no exclude rule"),
        ({"examples": (CodeExample(why="w"),)}, "mini.platform: no example"),
        ({"near_misses": ()}, "mini.platform: no near miss"),
        ({"en": "Trusts"}, "mini.platform: its name 'trusts' is near 'trust' of mini.trust"),
        ({"aliases": ("ＴＲＵＳＴ",)}, "mini.platform: its name 'trust' is near 'trust' of mini.trust"),
        ({"cues_en": ("Dared  to",)}, "mini.platform: shares the cue 'daredto' with mini.trust"),
    ],
)
def test_check_warns_of_each_weakness(fields: dict[str, Any], warning: str) -> None:
    assert check(small()) == []
    assert check(small(**fields)) == [warning]


def test_a_sub_code_may_share_cues_and_part_of_its_name_with_the_code_above() -> None:
    fields = {"id": "mini.trust.deep", "en": "Trusts", "zh": "深信", "cues_en": ("dared to",)}
    assert check(small(**fields)) == []
    assert check(small(**{**fields, "en": "Trust"})) == [
        "mini.trust.deep: its name 'trust' is near 'trust' of mini.trust"
    ]


def test_check_warns_of_doubtful_probes_and_uneven_rules() -> None:
    coding = ProbeCoding("mini.trust", "he dared", polarity="+")
    probes = (Probe("he did not dare", (coding,), id="one"), Probe("x", (), id="one"))
    book = dataclasses.replace(small(), probes=probes, rules=("a", "b"), rules_zh=("甲",))
    assert check(book) == [
        "mini: 2 rules in English, 1 in Chinese",
        "probe one: the quote 'he dared' does not stand in its text",
        "probe one: gives polarity, which codings of this book do not carry",
        "probe one: its id stands twice",
    ]


@pytest.mark.parametrize("code", CODES)
def test_resolve_finds_a_shipped_code_by_each_of_its_names(code: Code) -> None:
    book = BOOKS[code.id.split(".")[0]]
    wide = {ord(c): ord(c) + 0xFEE0 for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ."}
    for name in (code.id, code.zh, code.en, *code.aliases):
        for spelt in (name, name.upper(), f" {name} ", name.translate(wide), name.replace("—", "–")):
            assert resolve(book, spelt) == code, spelt


def test_resolve_prefers_id_to_label_to_alias_and_guesses_nothing() -> None:
    book = small(aliases=("信 任", "faith"), en="mini.trust")
    assert resolve(book, "MINI.TRUST") == book.codes[0]
    assert resolve(book, "信任") == book.codes[0]
    assert resolve(book, "Faith") == book.codes[1]
    twice = small(en="Trust")
    assert resolve(twice, "trust") is None
    for nothing in ("", "  ", "tru", "trust and platform", "dart.access"):
        assert resolve(book, nothing) is None


def test_terms_are_the_labels_aliases_and_cues_of_the_language() -> None:
    book = small(aliases=("社区", "forum"), cues_zh=("论坛",), cues_en=("forum", "app"))
    assert terms(book.codes, "zh") == ("信任", "平台", "社区", "论坛")
    assert terms(book.codes, "en") == ("Trust", "dared to", "Platform", "forum", "app")
    assert set(terms(book.codes, "mixed")) == {*terms(book.codes, "zh"), *terms(book.codes, "en")}


def test_wording_takes_the_side_of_the_language() -> None:
    assert wording("bare claim | 空话", "zh") == "空话"
    assert wording("bare claim | 空话", "en") == "bare claim"
    assert wording("只有中文", "en") == "只有中文"
