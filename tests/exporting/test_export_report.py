"""The page: texts whole, every quote marked where it stands, nothing foreign run, nothing failed passed off as none."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given, settings, strategies as st

from assistant.exporting import report
from assistant.exporting.report.listing import changes
from assistant.model import Coder, Document, Record, Segment, Span, Study


def page(study: Study, language: str = "en") -> BeautifulSoup:
    # Browsers keep white space as it is; this parser would fold it in elements it does not know to be preformatted.
    html = report.dump(study, language).decode("utf-8")
    return BeautifulSoup(html, "html.parser", preserve_whitespace_tags=["body"])


def shown_text(soup: BeautifulSoup, document: int) -> str:
    return "".join(t.get_text() for t in soup.select(f"article#d{document} .row:not(.lost) > .t"))


def marked(soup: BeautifulSoup, document: int) -> dict[str, list[tuple[int, str]]]:
    """For each layer's key the pieces of text under its marks, with their offsets."""
    found: dict[str, list[tuple[int, str]]] = {}
    at = 0
    for piece in soup.select(f"article#d{document} .row:not(.lost) > .t"):
        for words in piece.find_all(string=True):
            for parent in words.parents:
                if parent.name == "mark":
                    found.setdefault(str(parent["data-l"]), []).append((at, str(words)))
            at += len(words)
    return found


def layer_of(soup: BeautifulSoup, record: Record) -> str:
    line = soup.find(id=f"r{record.id}")
    assert isinstance(line, Tag)
    note = line.find_parent("details")
    assert isinstance(note, Tag)
    return str(note["data-l"])


def note_of(soup: BeautifulSoup, record: Record) -> Tag:
    found = soup.select_one(f'details.note[data-l="{layer_of(soup, record)}"]')
    assert found is not None
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_texts_stand_there_whole(study: Study, language: str) -> None:
    soup = page(study, language)
    for document in study.documents:
        assert shown_text(soup, document.id) == document.text


def test_every_record_is_marked_exactly_where_it_stands(study: Study) -> None:
    soup = page(study)
    for document in study.documents:
        places = marked(soup, document.id)
        for r in (r for r in study.records if r.document == document.id):
            pieces = places[layer_of(soup, r)]
            assert pieces[0][0] == r.start
            assert "".join(words for _, words in pieces) == r.quote


codes = st.sampled_from(["dart.dialogue", "dart.risk", "own label"])


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("ab 并。\n<&>\"'😀\u3000\u0301"), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), codes), max_size=8),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_any_text_with_any_overlaps_keeps_its_letters_and_its_marks(
    text: str, wanted: list[tuple[int, int, str]], ends: list[int]
) -> None:
    study = tiny(text, wanted, ends)
    soup = page(study)
    assert shown_text(soup, 1) == text
    places = marked(soup, 1)
    for r in study.records:
        pieces = places[layer_of(soup, r)]
        assert pieces[0][0] == r.start
        assert "".join(words for _, words in pieces) == r.quote


def tiny(text: str, wanted: Sequence[tuple[int, int, str]], ends: Sequence[int]) -> Study:
    """A study of one text, coded and divided as asked, perhaps with text outside all segments."""
    document = Document("t.txt", text, "0" * 64, "txt", "zh", id=1)
    points = sorted({min(e, len(text)) for e in ends})
    segments = tuple(Segment(Span(a, b), "paragraph", "", n + 1, n + 1, 1) for n, (a, b) in enumerate(pairwise(points)))
    records = []
    for n, (at, length, code) in enumerate(wanted):
        start = min(at, len(text) - 1)
        end = min(start + length, len(text))
        kind, book = ("assignment", "dart") if code.startswith("dart") else ("open", None)
        base = dict.fromkeys(("polarity", "modality", "voice", "codebook_version", "run", "confidence"))
        records.append(
            Record(
                id=n + 1,
                kind=kind,  # type: ignore[arg-type]
                document=1,
                document_name="t.txt",
                sha256="0" * 64,
                case="",
                segment=1,
                start=start,
                end=end,
                quote=text[start:end],
                quote_status="exact",
                flags=(),
                code=code,
                code_zh="",
                code_en="",
                codebook=book,
                coder=Coder("model", "m"),
                state="suggested",
                rationale="",
                **base,  # type: ignore[arg-type]
            )
        )
    return Study("", "", (document,), {1: segments}, tuple(records), (), (), ())


def test_nothing_from_the_data_becomes_an_element(study: Study, hostile: str) -> None:
    soup = page(study)
    assert len(soup.find_all("script")) == 1
    assert len(soup.find_all("style")) == 1
    assert soup.find_all(["img", "iframe", "link", "object", "form"]) == []
    texts = soup.get_text()
    assert texts.count(hostile) >= 4
    assert study.name in texts
    assert study.documents[2].name in texts


def test_no_element_has_a_style_a_handler_or_an_address_elsewhere(study: Study) -> None:
    for element in page(study).find_all(True):
        assert not [a for a in element.attrs if a == "style" or a.startswith("on") or a == "src"]
        assert str(element.get("href", "#")).startswith("#")


@pytest.mark.parametrize(("element", "directive"), [("script", "script-src"), ("style", "style-src")])
def test_the_policy_lets_only_our_own_script_and_style_run(study: Study, element: str, directive: str) -> None:
    soup = page(study)
    meta = soup.select_one("meta[http-equiv=Content-Security-Policy]")
    found = soup.find(element)
    assert meta is not None
    assert found is not None
    digest = base64.b64encode(hashlib.sha256(found.get_text().encode()).digest()).decode()
    policy = dict(part.strip().split(" ", 1) for part in str(meta["content"]).split(";"))
    assert policy["default-src"] == "'none'"
    assert policy[directive] == f"'sha256-{digest}'"
    assert "unsafe" not in str(meta["content"])


def test_the_page_names_no_network_address(study: Study) -> None:
    html = report.render(study, "en")
    assert not re.search(r"https?://|url\(|@import|fetch\(", html)


def test_ids_are_unique_and_every_link_within_the_page_leads_somewhere(study: Study) -> None:
    soup = page(study)
    ids = [str(e["id"]) for e in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    assert {str(a["href"])[1:] for a in soup.select("a[href]")} <= set(ids)


def test_marks_lead_to_notes_and_lists_of_codes_lead_to_marks_and_back(study: Study) -> None:
    soup = page(study)
    for r in study.records:
        key = layer_of(soup, r)
        mark = soup.find("mark", id=f"m{key}")
        assert isinstance(mark, Tag)
        entry = soup.select_one(f'#codes li[data-l="{key}"] a')
        assert entry is not None
        assert (entry["href"], entry.get_text()) == (f"#m{key}", r.quote)
        back = note_of(soup, r).select_one(".card a[href^='#c']")
        assert back is not None
        assert entry.find_parent("article", id=str(back["href"])[1:]) is not None
    assert {str(a["href"]) for a in soup.select("mark a")} <= {f"#n{layer_of(soup, r)}" for r in study.records}


def test_a_note_shows_code_coder_state_rationale_status_and_flags(study: Study) -> None:
    soup = page(study)
    words = note_of(soup, study.records[0]).get_text(" ", strip=True)
    for expected in (
        "Dialogue",
        "dart.dialogue",
        "李研究员",
        "gpt-4o-2024-08-06",
        "accepted",
        "有来有往",
        "典型的往来应答",
    ):
        assert expected in words
    assert "words as in the source" in words
    flagged = next(r for r in study.records if r.flags == ("clipped_negation",))
    assert "⚠ clipped negation" in note_of(soup, flagged).summary.get_text()  # type: ignore[union-attr]


def test_a_rationale_is_printed_by_the_one_who_wrote_it_only(study: Study) -> None:
    soup = page(study)
    assert study.records[1].rationale == study.records[0].rationale
    assert note_of(soup, study.records[0]).get_text().count(study.records[0].rationale) == 1
    assert study.records[0].rationale in soup.find(id="r1").get_text()  # type: ignore[union-attr]


def test_people_and_models_differ_in_shape_and_line_not_only_in_colour(study: Study) -> None:
    soup = page(study)
    person = next(r for r in study.records if r.code == "trust withheld")
    model = next(r for r in study.records if r.code == "trust in the platform")
    assert note_of(soup, person)["class"][2] == "decided"
    assert note_of(soup, model)["class"][2] == "suggested"
    assert "●" in note_of(soup, person).get_text()
    assert "○" in note_of(soup, model).get_text()
    css = soup.style.get_text() if soup.style else ""
    assert re.search(r"mark\.suggested \{[^}]*dashed", css)


def test_units_of_every_run_stand_in_their_own_columns(study: Study) -> None:
    soup = page(study)
    heads = [h.get_text() for h in soup.select("#runs thead th")][3:]
    assert heads == ["pending", "coded", "no code", "failed", "refused"]
    cells = [re.match(r"\d+", c.get_text())[0] for c in soup.select("#run1 td.num")]  # type: ignore[index]
    assert cells == ["1", "6", "2", "2", "1"]
    warning = soup.select_one("#runs .warnline")
    assert warning is not None
    assert "1 pending, 2 failed, 1 refused" in warning.get_text()


def test_the_baseline_is_called_what_it_is(study: Study) -> None:
    assert "lexical (keyless baseline, not a language model)" in page(study).select_one("#run2").get_text()  # type: ignore[union-attr]
    assert "lexical（无密钥基线，不是语言模型）" in page(study, "zh").select_one("#run2").get_text()  # type: ignore[union-attr]


def test_blocks_by_case_show_decided_and_suggested_polarities(study: Study) -> None:
    rows = page(study).select(".blocks tbody tr")
    cells = [c.get_text(" ", strip=True) for c in rows[0].select("td")]
    assert cells == ["+1", "+1", "+1 ○ −1 ±1", "−1 ○ +1"]


def test_three_blocks_on_a_segment_get_a_warning(study: Study) -> None:
    model = study.records[0]
    more = tuple(replace(model, id=900 + n, code=c) for n, c in enumerate(("dart.risk", "dart.access")))
    soup = page(replace(study, records=(*study.records, *more)))
    (warning,) = soup.select(".crowd")
    assert "3 blocks on segment 2" in warning.get_text()
    assert "Dialogue, Access, Risk assessment" in warning.get_text()
    assert page(study).select(".crowd") == []


def test_discards_stand_with_reason_and_difference(study: Study) -> None:
    soup = page(study)
    assert len(soup.select("#discards li")) == len(study.discards)
    diff = soup.select_one("#discards pre")
    assert diff is not None
    assert [(e.name, e.get_text()) for e in diff.find_all(True)] == [("del", "并不")]
    assert diff.get_text() == "成本构成我们并不公开"


@given(st.lists(st.tuples(st.sampled_from(["", "del", "ins"]), st.text("ab并-+", min_size=1)), max_size=6))
def test_a_difference_keeps_all_its_words(parts: list[tuple[str, str]]) -> None:
    wrap = {"": "{}", "del": "[-{}-]", "ins": "{{+{}+}}"}
    diff = "".join(wrap[sort].format(words) for sort, words in parts)
    assert "".join(w for _, w in changes(diff)) == "".join(w for _, w in parts)


def test_a_quote_that_does_not_stand_there_is_listed_and_never_marked(study: Study) -> None:
    lost = replace(study.records[0], start=3, end=9)
    soup = page(replace(study, records=(lost,)))
    assert soup.select(".doc mark") == []
    row = soup.select_one("#d1 .row.lost")
    assert row is not None
    assert lost.quote in row.get_text()
    assert shown_text(soup, 1) == study.documents[0].text


def test_filters_offer_cases_codes_coders_and_states(study: Study) -> None:
    soup = page(study)
    offered = {str(s["data-by"]): [o.get_text() for o in s.select("option")][1:] for s in soup.select(".filter select")}
    assert offered["case"] == ["甲厂", "Beta Kits", "(no case)"]
    assert "Access" in offered["code"]
    assert "Ana <b> (person)" in offered["coder"]
    assert offered["state"] == ["undecided", "accepted", "edited", "rejected"]
    access = next(o for o in soup.select("option") if o.get_text() == "Access")
    assert len(str(access["value"]).split()) == 2, "a block finds its sub-codes too"


def test_notes_carry_what_the_filters_ask_for(study: Study) -> None:
    soup = page(study)
    by_name = {o.get_text(): str(o["value"]) for o in soup.select("select[data-by=coder] option")}
    said = str(note_of(soup, study.records[0])["data-f"]).split()
    assert said == [f"{by_name['李研究员 (person)']}:accepted", f"{by_name['gpt-4o-2024-08-06 (model)']}:accepted"]


@pytest.mark.parametrize(("language", "words"), [("zh", "这里还没有内容"), ("en", "Nothing here yet")])
def test_an_empty_study_gives_a_friendly_page(empty: Study, language: str, words: str) -> None:
    soup = page(empty, language)
    assert words in soup.get_text()
    assert soup.select("table") == []


def test_texts_without_codings_are_shown_as_they_are(study: Study) -> None:
    bare = replace(study, records=(), discards=(), runs=(), codebooks=())
    soup = page(bare)
    assert "There are no codings yet" in soup.get_text()
    assert shown_text(soup, 1) == study.documents[0].text


def test_each_text_says_its_language_and_the_page_its_own(study: Study) -> None:
    soup = page(study, "zh")
    assert soup.html is not None
    assert soup.html["lang"] == "zh-Hans"
    assert {str(t["lang"]) for t in soup.select("#d2 .t")} == {"en"}
    assert {str(t["lang"]) for t in soup.select("#d1 .t")} == {"zh-Hans"}


def test_sentences_of_a_paragraph_run_on_in_one_row(study: Study) -> None:
    soup = page(study)
    assert [n.get_text() for n in soup.select("#d2 .n")] == ["1", "2–5", "6"]


def test_the_place_a_document_was_read_from_is_not_told(study: Study) -> None:
    assert study.documents[0].source not in report.render(study, "en")


def test_equal_studies_give_equal_pages(study: Study) -> None:
    assert report.dump(study, "zh") == report.dump(replace(study), "zh")
