"""The name of a sentence in, the sentence out, in Chinese or English: what a conversation says itself. Pure."""

from __future__ import annotations

from typing import Literal

from assistant.pricing import money

Language = Literal["zh", "en"]

_SENTENCES: dict[str, tuple[str, str]] = {
    "no_documents": (
        "项目里还没有资料，没有可以回答的依据。先添加：codart add 文件 … --case 案例名",
        "There are no documents in this project yet, so there is nothing to answer from. Add some with: "
        "codart add FILE … --case NAME",
    ),
    "all_held_out": (
        "项目里的资料都留作测试，不给任何模型看，所以这里没有可以回答的依据。",
        "All documents of this project are held out for testing and shown to no model, so there is nothing to answer "
        "from.",
    ),
    "held_out": (
        "{name} 留作测试：它的段落不给任何模型看，这里也不为它建议编码。",
        "{name} is held out for testing: no model is shown its passages, and none are coded here.",
    ),
    "coding": ("把 {count} 段交给 {name} 编码……", "{count} passages are given to {name} to code …"),
    "done_some": ("已完成 {done}/{total} 段", "{done} of {total} passages done"),
    "suggested": (
        "{count} 条建议，都还没有决定：/接受 1 3 · /拒绝 2 因为 … · /修改 1 编码=… · /为什么 1",
        "{count} suggestions, none of them decided for you: /accept 1 3 · /reject 2 because … · /edit 1 code=… · "
        "/why 1",
    ),
    "nothing_suggested": ("没有可建议的编码。", "Nothing is suggested here."),
    "discarded": (
        "{count} 条未采信：{why}",
        "{count} more were not believed: {why}",
    ),
    "used": ("用了 {input} + {output} token，费用 {money}", "This used {input} + {output} tokens, cost {money}"),
    "unit_failed": ("{where} 没有得到可用的答复：{why}", "{where} got no answer that can be used: {why}"),
    "keyless": (
        "没有接入语言模型：这些建议只是按词句比对编码本得来的。接入：/模型 ollama:qwen3",
        "No language model is connected: these come from comparing words with the codebook. Connect one with: "
        "/model ollama:qwen3",
    ),
    "accepted": ("已接受 {what}", "accepted {what}"),
    "rejected": ("已拒绝 {what}", "rejected {what}"),
    "edited": ("已修改并接受 {what}", "edited and accepted {what}"),
    "undoable": ("撤回：/撤销", "Take it back with: /undo"),
    "undone": ("已撤销：{what}", "Undone: {what}"),
    "memo": ("已记下备忘 {id}。撤回：/撤销", "Memo {id} is written down. Take it back with: /undo"),
    "recognised": (
        "这段文字在资料里：{name} 第 {place} 段。可以 /建议 {number} · /相似 {number}",
        "These words stand in {name}, place {place}. Go on with /suggest {number} · /similar {number}",
    ),
    "outside": (
        "这段文字不在任何资料里：以下编码只供参考，不会存为编码，也不能当作资料的引文。"
        "（如果它是一个问题，请以问号结尾，或写 /问 …）",
        "This text stands in no document: the codes below are for orientation only, are stored as no coding, and are "
        "no quotation of the corpus. (If it was a question, end it with a question mark, or type /ask …)",
    ),
    "outside_mark": ("【资料之外】", "[outside the corpus] "),
    "outside_none": (
        "【资料之外】没有可建议的编码。",
        "[outside the corpus] Nothing is suggested for this text.",
    ),
    "too_long": (
        "粘贴的文字太长（{length} 字，最多 {most}）。先存成文件再添加：codart add 文件",
        "The pasted text is too long ({length} characters; at most {most}). Save it as a file and: codart add FILE",
    ),
    "broken": ("回答没有完成：{why}", "The answer broke off: {why}"),
    "interrupted": ("（回答中断）", "(broken off)"),
    "cut_off": (
        "回答到了长度上限，被截断了。",
        "The answer reached its longest length and was cut off.",
    ),
    "refused": ("模型拒绝作答：{why}", "The model declined to answer: {why}"),
    "unproven": (
        "这个回答没有引用任何原文，因此没有一句是核实过的。",
        "This answer cites nothing, so none of it is proven.",
    ),
    "silent": ("模型什么也没有说。", "The model said nothing."),
    "model": ("当前模型：{name}{where}", "The model is {name}{where}"),
    "model_hint": (
        "换一个：/模型 提供方:模型 [地址]，如 /模型 ollama:qwen3；/模型 lexical 不用语言模型",
        "Change it with /model provider:model [address], e.g. /model ollama:qwen3; /model lexical uses none",
    ),
    "cost": (
        "这次对话：{replies} 次模型答复，输入 {input} / 输出 {output} token，费用 {money}",
        "This conversation: {replies} answers of models, {input} tokens in, {output} out, cost {money}",
    ),
    "cost_partly": (
        "其中有答复的费用未知；已知的部分是 {money}",
        "The cost of some answers is unknown; what is known comes to {money}",
    ),
    "exported": ("已把 {count} 条建议和编码写入 {path}", "{count} suggestions and codings written to {path}"),
    "no_sources": ("这次对话还没有用到资料。", "No passage has been used in this conversation yet."),
    "nothing_coded": (
        "还没有段落用到 {name}。没有编码不等于资料里没有。",
        "No passage carries {name} yet. That nothing is coded does not mean that there is nothing.",
    ),
    "code_counts": (
        "{name}：{decided} 条已决定，{suggested} 条待决定",
        "{name}: {decided} decided, {suggested} candidates",
    ),
    "negative_counts": (
        "{name} 的反例：{found} 条否定或被拒绝的编码，{hits} 段按词句找到、未用此码且带否定词，要自己读",
        "Against {name}: {found} codings that are negative or were rejected; {hits} passages found by their words that "
        "hold a negation and do not carry it, to be read",
    ),
    "found": ("按词句找到，未用此码", "found by its words, not coded with it"),
    "like": ("与 {where} 相近的段落：", "Passages like {where}:"),
    "none_like": ("没有找到相近的段落。", "No like passage was found."),
    "uncoded": ("尚未编码", "not coded"),
    "decided_by": ("{who} 已决定", "decided by {who}"),
    "gold": ("{who}（参照编码）", "by the gold coder {who}"),
    "candidate": ("{who} 的建议，未决定", "suggested by {who}, not decided"),
    "was_rejected": ("已拒绝{why}", "rejected{why}"),
    "was_accepted": ("{who} 的建议，已接受", "suggested by {who}, accepted"),
    "was_edited": ("{who} 的建议，已修改", "suggested by {who}, edited"),
    "open": ("开放编码", "open code"),
    "why_rationale": ("理由：{words}", "Why: {words}"),
    "why_include": ("适用：{words}", "Include: {words}"),
    "why_exclude": ("不适用：{words}", "Exclude: {words}"),
    "why_definition": ("定义：{words}", "Definition: {words}"),
    "why_check": ("核查（{model}）：{supported}{why}", "Check ({model}): {supported}{why}"),
    "why_decision": ("{action}，{who}，{when}{why}", "{action} by {who}, {when}{why}"),
    "why_shown": ("提示里还给了：{words}", "Shown beside it in the prompt: {words}"),
    "why_alone": ("提示里只有这一段。", "The prompt showed this passage alone."),
    "why_prompt": (
        "提示：{tokens} token{digest}；全文：/为什么 {number} 提示",
        "Prompt: {tokens} tokens{digest}; all of it: /why {number} prompt",
    ),
    "why_no_prompt": ("没有存下它的提示。", "No prompt is stored for it."),
    "usage": ("用法：{usage}", "Usage: {usage}"),
}


def tell(language: Language, sentence: str, /, **values: object) -> str:
    """The sentence of that name. `values` are put in as they are; a float called `money` as US dollars."""
    zh, en = _SENTENCES[sentence]
    if "money" in values:
        amount = values["money"]
        values["money"] = money(amount if isinstance(amount, float) else None)
        if language == "zh" and amount is None:
            values["money"] = "未知"
    return (zh if language == "zh" else en).format(**values)
