"""Replies as models write them, read without believing or losing anything."""

from __future__ import annotations

import json
import time
from bisect import bisect_left
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from assistant.interpreting import read_attribute, read_confidence, read_truth
from assistant.model import Prompt, Proposal, Reply
from assistant.parsing import Answer, Parsed, parse, repair_message, reply_schema

ATTRIBUTES = ("polarity", "modality", "voice")
CODES = ["dart.access", "dart.dialogue"]


def prompt(*segments: int, attributes: tuple[str, ...] = ATTRIBUTES) -> Prompt:
    schema = reply_schema("assignment", code_ids=CODES, attributes=attributes)
    return Prompt((), "digest", "assignment", "zh", "assign_codes.v1.zh.jinja", segments or (12,), schema)


def item(code: Any = "dart.access", quote: Any = "把图纸给了用户", **fields: Any) -> dict[str, Any]:
    values = {"polarity": "+", "modality": "practised", "voice": "firm", "rationale": "因为", "confidence": 0.8}
    return {"code": code, "quote": quote, **values, **fields}


def entry(*codes: Any, segment: Any = 12, none: Any = None, why: str = "") -> dict[str, Any]:
    return {"segment": segment, "none": not codes if none is None else none, "why": why, "codes": list(codes)}


def whole(*entries: Any) -> str:
    return json.dumps({"segments": list(entries)}, ensure_ascii=False)


def read(text: str, *segments: int, finish: Any = "stop", attributes: tuple[str, ...] = ATTRIBUTES) -> Parsed:
    return parse(Reply(text, "m", finish=finish), prompt(*segments, attributes=attributes))


def only(parsed: Parsed) -> Answer:
    assert not parsed.failure and len(parsed.answers) == 1, parsed
    return parsed.answers[0]


GOOD = whole(entry(item()))
PROPOSAL = Proposal(12, "dart.access", "把图纸给了用户", "+", "practised", "firm", "因为", 0.8)


def test_a_well_formed_reply_is_read_whole() -> None:
    assert read(GOOD) == Parsed((Answer(12, none=False, proposals=(PROPOSAL,)),))


def test_several_segments_are_answered_each_for_itself() -> None:
    parsed = read(whole(entry(item()), entry(segment=13, why="只是寒暄")), 12, 13, 14)
    assert [(a.segment, a.none, len(a.proposals), a.why) for a in parsed.answers] == [
        (12, False, 1, ""),
        (13, True, 0, "只是寒暄"),
    ]
    assert parsed.failure == "" and parsed.strays == ()


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"Here it is, as asked [1]:\n\n{GOOD}\n\nAnything else {{maybe}}?",
        f'<think>Is it {{"segments": []}}? Or {GOOD[:40]}</think>\n{GOOD}',
        f"thought without an opening tag </think>```json\n{GOOD}\n```",
        f"<thinking>a</thinking><think>b</think>{GOOD}",
        GOOD.replace("}]}]}", "},],},],}"),
        GOOD.replace("}]", "},]"),
        f"\ufeff{GOOD}",
        '{"result": ' + GOOD + "}",
        "[" + GOOD + "]",
        json.dumps({"segments": entry(item())}, ensure_ascii=False),
        json.dumps([entry(item())], ensure_ascii=False),
        json.dumps(entry(item()), ensure_ascii=False),
        json.dumps({"segments": [{"segment": 12, "codes": item()}]}, ensure_ascii=False),
        json.dumps([{"segment": 12, **item()}], ensure_ascii=False),
    ],
)
def test_wrapping_thoughts_fences_prose_and_stray_commas_do_no_harm(text: str) -> None:
    answer = only(read(text))
    assert (answer.proposals, answer.discards) == ((PROPOSAL,), ())


@pytest.mark.parametrize("codes", [[item()], [item(), item("dart.dialogue")]])
def test_with_one_segment_asked_its_number_may_go_unsaid(codes: list[Any]) -> None:
    for value in (codes, {"codes": codes}, {"segments": [{"codes": codes}]}, {"segment": None, "codes": codes}):
        answer = only(read(json.dumps(value)))
        assert answer.segment == 12
        assert [p.code for p in answer.proposals] == [c["code"] for c in codes]


def test_with_two_segments_asked_an_unnumbered_answer_is_a_stray() -> None:
    parsed = read(json.dumps({"codes": [item()]}), 12, 13)
    assert parsed.answers == () and parsed.failure == "unreadable"
    assert [(s.flaw, s.code, s.quote) for s in parsed.strays] == [("wrong_segment", "dart.access", "把图纸给了用户")]


@pytest.mark.parametrize("number", [12, "12", "S12", "[12]", "segment 12", "第12段", 12.0, " 12 "])
def test_segment_numbers_are_read_in_many_spellings(number: Any) -> None:
    assert [a.segment for a in read(whole(entry(item(), segment=number)), 11, 12).answers] == [12]


@pytest.mark.parametrize("number", [99, "1 2", "twelve", True, [12], 12.5, {"n": 12}, 1e400])
def test_an_answer_about_another_segment_is_a_stray_and_never_moved(number: Any) -> None:
    parsed = read(whole(entry(item(), segment=number), entry(item("dart.dialogue"), segment=11)), 11, 12)
    assert [(a.segment, [p.code for p in a.proposals]) for a in parsed.answers] == [(11, ["dart.dialogue"])]
    assert [s.flaw for s in parsed.strays] == ["wrong_segment"]
    assert "图纸" in parsed.strays[0].raw


@pytest.mark.parametrize(
    "text",
    [
        whole(entry()),
        whole(entry(none=False)),
        '{"codes": []}',
        '{"none": true}',
        '{"segment": 12, "none": "true", "codes": null}',
        "[]",
        "```json\n[ ]\n```",
        whole(entry({"code": "", "quote": ""}, none=True)),
    ],
)
def test_none_is_what_was_said_in_full(text: str) -> None:
    answer = only(read(text))
    assert answer.none and not answer.proposals and not answer.discards


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("<think>hm</think>", "empty"),
        ('<think>hm, {"segments": []', "empty"),
        ("No codes apply.", "unreadable"),
        ("none", "unreadable"),
        ('{"error": {"message": "busy", "code": 503}}', "unreadable"),
        ("null", "unreadable"),
        ("{}", "unreadable"),
        ("I see [] here", "unreadable"),
        ('{"segments": []}', "unreadable"),
        ('{"segments": null}', "unreadable"),
        ('{"segments": [{"segment": 12}]}', "unreadable"),
        ('{"segments": [{"segment": 12, "none": false, "codes": null}]}', "unreadable"),
        ('{"segments": [{"segment": 12, "codes": "none"}]}', "unreadable"),
        ('{"segments": [12]}', "unreadable"),
        ("[", "truncated"),
        ('{"segments": [', "truncated"),
        ('{"codes": [', "truncated"),
        ('{"segments": [{"segment": 12, "none": true, "why": "x', "truncated"),
        ('{"segments": [{"segment": 12, "none": true, "why": "", "codes": []', "truncated"),
        (GOOD[: GOOD.index("quote")], "truncated"),
    ],
)
def test_what_could_not_be_read_is_a_failure_and_never_none(text: str, failure: str) -> None:
    parsed = read(text)
    assert (parsed.failure, parsed.answers) == (failure, ())
    assert parsed.detail


def test_a_list_without_words_answers_nothing_when_two_segments_were_asked() -> None:
    assert read("[]", 12, 13).failure == "unreadable"


def test_refusals_and_filters_are_refused_not_failed() -> None:
    refusal = parse(Reply("", "m", finish="refusal", refusal="I can't."), prompt())
    filtered = read(GOOD[:60], finish="content_filter")
    assert (refusal.refused, refusal.failure, refusal.answers) == ("I can't.", "", ())
    assert filtered.refused and filtered.answers == ()


def test_a_cut_reply_keeps_what_is_complete_and_names_what_is_not() -> None:
    text = whole(entry(item(), item("dart.dialogue", "听取意见")), entry(item(), segment=13))
    parsed = read(text[: text.index("听取")], 12, 13, finish="length")
    answer = only(parsed)
    assert (answer.segment, answer.none, answer.proposals) == (12, False, (PROPOSAL,))
    assert [(d.flaw, d.code, d.quote) for d in answer.discards] == [("truncated", "dart.dialogue", "")]
    assert answer.discards[0].raw == '{"code": "dart.dialogue", "quote": "'
    assert "cut off" in parsed.detail


def test_a_list_cut_between_two_codes_says_that_more_may_be_missing() -> None:
    text = whole(entry(item(), item("dart.dialogue")))
    cut = text[: text.index('{"code": "dart.dialogue"')]
    assert [d.flaw for d in only(read(cut)).discards] == ["truncated"]
    bare = json.dumps([item(), item("dart.dialogue")])
    assert [s.flaw for s in read(bare[: bare.rindex("{")]).strays] == ["truncated"]


def test_a_segment_number_cut_short_is_not_taken_for_another() -> None:
    parsed = read(json.dumps({"codes": [item()], "segment": 12})[:-2], 1, 12)
    assert parsed.answers == ()


def test_thinking_that_used_up_the_reply_is_truncated() -> None:
    assert read("<think>so many thoughts", finish="length").failure == "truncated"


@pytest.mark.parametrize(
    ("bad", "flaw"),
    [
        (7, "bad_field"),
        (["a"], "bad_field"),
        ("dart.access", "no_quote"),
        (item(code=7), "bad_field"),
        (item(quote=["a", "b"]), "bad_field"),
        (item(code=""), "no_code"),
        (item(code=None), "no_code"),
        (item(quote=" "), "no_quote"),
        ({"code": "dart.access"}, "no_quote"),
        ({}, "bad_field"),
    ],
)
def test_a_bad_item_is_discarded_with_what_was_said_and_the_others_stand(bad: Any, flaw: str) -> None:
    answer = only(read(whole(entry(bad, item()))))
    assert answer.proposals == (PROPOSAL,)
    assert [d.flaw for d in answer.discards] == [flaw]
    assert answer.discards[0].raw == (bad if isinstance(bad, str) else json.dumps(bad, ensure_ascii=False))


def test_a_segment_with_only_bad_items_is_answered_but_not_none() -> None:
    answer = only(read(whole(entry(item(code=7), none=True))))
    assert not answer.none and not answer.proposals and answer.discards


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("polarity", "maybe"),
        ("polarity", 1),
        ("modality", "not practised"),
        ("voice", ["firm"]),
        ("confidence", "very"),
        ("confidence", 5),
        ("confidence", -0.1),
        ("confidence", True),
        ("rationale", {"a": 1}),
    ],
)
def test_an_unreadable_attribute_is_left_out_and_noted_and_the_code_kept(name: str, value: Any) -> None:
    answer = only(read(whole(entry(item(**{name: value})))))
    (proposal,), (note,) = answer.proposals, answer.discards
    assert getattr(proposal, name) in (None, "")
    assert (proposal.code, proposal.quote) == (PROPOSAL.code, PROPOSAL.quote)
    assert note.flaw == "bad_field" and note.detail.startswith(f"kept without {name}")
    assert (note.code, note.quote) == (PROPOSAL.code, PROPOSAL.quote)


def test_absent_or_null_attributes_are_none_without_a_note() -> None:
    answer = only(read(whole(entry({"code": "a", "quote": "b", "polarity": None}))))
    assert answer == Answer(12, none=False, proposals=(Proposal(12, "a", "b"),))


def test_attributes_nobody_asked_for_are_left_out() -> None:
    (proposal,) = only(read(GOOD, attributes=("polarity",))).proposals
    assert (proposal.polarity, proposal.modality, proposal.voice) == ("+", None, None)


def test_none_together_with_codes_counts_as_the_codes_and_is_noted() -> None:
    answer = only(read(whole(entry(item(), none=True))))
    assert not answer.none and answer.proposals == (PROPOSAL,)
    assert [d.flaw for d in answer.discards] == ["bad_field"]


def test_the_same_code_on_the_same_words_again_is_a_duplicate() -> None:
    answer = only(read(whole(entry(item(), item(rationale="wieder"), item(polarity="-"), item("dart.dialogue")))))
    assert [(p.code, p.polarity) for p in answer.proposals] == [
        ("dart.access", "+"),
        ("dart.access", "-"),
        ("dart.dialogue", "+"),
    ]
    assert [(d.flaw, "wieder" in d.raw) for d in answer.discards] == [("duplicate", True)]


def test_a_segment_answered_twice_has_the_codes_of_both() -> None:
    parsed = read(whole(entry(item()), entry(item(), item("dart.dialogue")), entry(item())))
    answer = only(parsed)
    assert [p.code for p in answer.proposals] == ["dart.access", "dart.dialogue"]
    assert [d.flaw for d in answer.discards] == ["duplicate"]


def test_a_segment_first_none_then_coded_is_coded_with_a_note() -> None:
    answer = only(read(whole(entry(), entry(item()))))
    assert not answer.none and len(answer.proposals) == 1 and [d.flaw for d in answer.discards] == ["bad_field"]


def test_of_two_whole_replies_the_last_counts_and_the_first_is_kept_as_a_stray() -> None:
    draft = whole(entry(item("dart.dialogue")))
    parsed = read(f"Draft:\n{draft}\nFinal:\n{GOOD}")
    assert only(parsed).proposals == (PROPOSAL,)
    assert [(s.flaw, s.raw) for s in parsed.strays] == [("duplicate", draft)]


def test_answers_line_by_line_are_all_read() -> None:
    lines = "\n".join(json.dumps(entry(item(), segment=n)) for n in (12, 13))
    assert [a.segment for a in read(lines, 12, 13).answers] == [12, 13]


def test_bare_quotation_marks_inside_a_quote_are_read_as_part_of_it() -> None:
    text = (
        '{"codes": [{"code": "dart.access", "quote": "他说"我们把图纸给了用户"，然后离开。", "rationale": "a \\d b"}]}'
    )
    (proposal,) = only(read(text)).proposals
    assert (proposal.quote, proposal.rationale) == ('他说"我们把图纸给了用户"，然后离开。', "a \\d b")


def test_line_breaks_inside_strings_are_read() -> None:
    (proposal,) = only(read('{"codes": [{"code": "a", "quote": "one\ntwo", "rationale": "x",}]}')).proposals
    assert proposal.quote == "one\ntwo"


def test_what_cannot_be_stored_or_shown_is_replaced() -> None:
    (proposal,) = only(read('{"codes": [{"code": "a\\u001b[31m", "quote": "b\\ud83d"}]}')).proposals
    assert (proposal.code, proposal.quote) == ("a [31m", "b?")
    bad = read('{"codes": [{"code": 1, "quote": "\\ud83d"}, {"code": "a", "quote": "b"}]}').answers[0].discards[0]
    bad.raw.encode("utf-8")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("polarity", "+", "+ ＋ positive Positive 有/促进 有 促进 正面"),
        ("polarity", "-", "- − – 负 缺失 缺失/阻碍 negative"),
        ("polarity", "±", "± both 矛盾 +/- mixed"),
        ("modality", "practised", "practised practiced 已做 practised(已做)"),
        ("modality", "promised", "promised 计划 planned"),
        ("modality", "claimed", "claimed 主张 claimed_value"),
        ("modality", "judged", "judged 评价"),
        ("voice", "firm", "firm 企业自述 FIRM"),
        ("voice", "user", "user 用户"),
        ("voice", "third_party", "third_party third-party 第三方 Third-Party"),
        ("voice", "author", "author 作者"),
    ],
)
def test_attribute_words_in_chinese_and_english(name: str, value: str, words: str) -> None:
    assert {word: read_attribute(name, word) for word in words.split()} == dict.fromkeys(words.split(), value)
    assert read_attribute(name, f" {value} ") == value


@pytest.mark.parametrize(
    ("name", "word"), [("modality", "not practised"), ("polarity", "有/缺失"), ("voice", ""), ("polarity", "无")]
)
def test_an_attribute_is_not_guessed(name: str, word: str) -> None:
    assert read_attribute(name, word) is None


@pytest.mark.parametrize(
    ("said", "value"),
    [
        *((said, 0.8) for said in (0.8, "0.8", "80%", "80 %", 80, "80", "8/10", "0.80")),
        *((0, 0.0), (1, 1.0), ("１", 1.0), (100, 1.0), ("high", 0.9), ("高", 0.9), ("low", 0.3)),
        *((said, None) for said in (7, 101, -1, "120%", "1/0", "", "sure", True, None, float("nan"), 10**400)),
    ],
)
def test_confidence_is_read_in_every_unambiguous_scale(said: Any, value: float | None) -> None:
    assert read_confidence(said) == (value if value is None else pytest.approx(value))


def test_yes_and_no() -> None:
    assert [read_truth(v) for v in (True, "True", "是", False, "no", 1, None)] == [
        True,
        True,
        True,
        False,
        False,
        None,
        None,
    ]


def _objects(schema: Any) -> list[dict[str, Any]]:
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    return own + [found for value in inner for found in _objects(value)]


@pytest.mark.parametrize("kind", ["open", "assignment"])
def test_the_schema_is_strict_and_lists_code_ids_for_assignments_only(kind: Any) -> None:
    schema = reply_schema(kind, code_ids=CODES, attributes=("polarity", "voice"))
    objects = _objects(schema)
    assert len(objects) == 3
    for part in objects:
        assert part["required"] == list(part["properties"]) and part["additionalProperties"] is False
    code = objects[2]["properties"]
    assert list(code) == ["code", "quote", "polarity", "voice", "rationale", "confidence"]
    assert code["code"].get("enum") == (CODES if kind == "assignment" else None)
    assert code["polarity"]["enum"] == ["+", "-", "±", None]


def test_the_repair_turn_says_what_was_wrong_and_speaks_of_json() -> None:
    parsed = read(whole(entry(item(), segment=99)))
    message = repair_message(parsed)
    assert "99" in message and "JSON" in message


# --- whatever comes -------------------------------------------------------------------------------------------------

texts = st.text(max_size=12)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(["segments", "segment", "none", "why", "codes", "code", "quote", "polarity", "confidence", "x"])
shaped = st.recursive(
    jsons, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=25
)
pieces = st.lists(
    st.sampled_from(
        ['{"segments": [', '{"segment": 12,', '"codes": [', '{"code": "a", "quote": "b"}', '"', "\\", "{", "["]
    )
    | st.sampled_from(
        ["}", "]", ",", ":", "1", "true", "nul", "<think>", "</think>", "```json", '"none": true', "\n", "“"]
    )
    | texts,
    max_size=25,
).map("".join)
quotes = st.text(st.characters(codec="utf-8"), min_size=1, max_size=15).filter(lambda q: bool(q.strip()))
items = st.builds(
    lambda code, quote, rest: item(code, quote, **rest),
    st.sampled_from(CODES),
    quotes,
    st.fixed_dictionaries({}, optional={"rationale": texts, "polarity": st.sampled_from("+-±")}),
)


@settings(deadline=None)
@given(pieces | st.text(), st.sampled_from(["stop", "length"]))
@example('{"segments":' * 2000, "stop")
@example("[" * 30000, "stop")
@example('{"a' * 5000, "stop")
@example("[" + "1" * 30000 + "x", "stop")
@example("<think>" * 5000, "stop")
@example('{"codes": [{"code": "a", "quote": "b", "confidence": ' + "9" * 5000 + "}]}", "stop")
@example('[{"codes": []},' * 300 + "]" * 300, "stop")
def test_no_text_makes_it_raise_and_every_discard_can_be_stored(text: str, finish: str) -> None:
    check(read(text, 12, finish=finish))


@pytest.mark.parametrize("text", ['{"a' * 60_000, "[" * 30_000, '{"codes": [{"quote": "' + 'b" c ' * 20_000])
def test_a_hostile_text_takes_time_in_proportion_to_its_length(text: str) -> None:
    began = time.process_time()
    check(read(text))
    assert time.process_time() - began < 30  # seconds; reading anew from each brace would take many minutes


def test_json_nested_as_deep_as_python_reads_it_is_no_crash() -> None:
    def nested(deep: int) -> str:
        return '{"codes": [' + "[" * deep + "1" + "]" * deep + "]}"

    def readable(deep: int) -> bool:
        try:
            return bool(json.loads(nested(deep)))
        except RecursionError:
            return False

    deep = bisect_left(range(200_000), True, key=lambda deep: not readable(deep))
    for near in range(deep - 15, deep + 2):  # somewhere here Python still reads the value but cannot write it again
        check(read(nested(near)))


@settings(deadline=None)
@given(jsons | shaped)
def test_no_json_makes_it_raise(value: Any) -> None:
    check(read(json.dumps(value, ensure_ascii=False), 12))
    check(read(json.dumps({"segments": value}), 12, 13))
    check(read(json.dumps({"segment": 12, "codes": value}), 12))


def check(parsed: Parsed) -> None:
    assert parsed.failure in ("", "unreadable", "empty", "truncated")
    assert bool(parsed.answers) == (parsed.failure == "")
    json.dumps([str(parsed)]).encode()
    for answer in parsed.answers:
        assert answer.segment in (12, 13)
        assert not (answer.none and (answer.proposals or answer.discards))
        for proposal in answer.proposals:
            assert proposal.code and proposal.quote
            assert proposal.confidence is None or 0 <= proposal.confidence <= 1
            assert proposal.polarity in (None, "+", "-", "±")
    for discard in (*parsed.strays, *(d for a in parsed.answers for d in a.discards)):
        (discard.raw + discard.detail + discard.code + discard.quote).encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(items, max_size=3), min_size=1, max_size=3), st.data())
def test_a_reply_cut_anywhere_gives_a_prefix_of_its_codes_and_never_a_false_none(
    codes: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    asked = tuple(range(12, 12 + len(codes)))
    text = whole(*(entry(*some, segment=n) for n, some in zip(asked, codes, strict=True)))
    full = read(text, *asked)
    cut = read(text[: data.draw(st.integers(0, len(text) - 1))], *asked)
    check_prefix(full, cut)


@settings(max_examples=100, deadline=None)
@given(st.lists(items, max_size=3), st.booleans(), st.data())
def test_a_bare_list_or_object_cut_anywhere_gives_a_prefix(codes: list[Any], bare: bool, data: st.DataObject) -> None:
    text = json.dumps(codes if bare else {"codes": codes}, ensure_ascii=False)
    cut = read(text[: data.draw(st.integers(0, len(text) - 1))])
    check_prefix(read(text), cut)
    assert not any(a.none for a in cut.answers)


def check_prefix(full: Parsed, cut: Parsed) -> None:
    expected = {answer.segment: answer for answer in full.answers}
    for place, answer in enumerate(cut.answers):
        complete = expected[answer.segment]
        assert answer.segment == full.answers[place].segment
        assert answer.proposals == complete.proposals[: len(answer.proposals)]
        assert not answer.none or complete.none
    whole_answers = [a for a in cut.answers if a == expected[a.segment]]
    if len(whole_answers) < len(full.answers):
        noted = [*cut.strays, *(d for a in cut.answers for d in a.discards)]
        assert cut.failure or any(d.flaw == "truncated" for d in noted)
