"""CSV codebook text in, codes with their row numbers out; also the rules for text and ids both formats share. Pure.

A row is one code. Its place in the tree comes from a path ("Drivers/Trust") or from the name of the code above it.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from assistant.errors import CodebookError
from assistant.model import Code, CodeExample

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES = 2_000_000
MAX_DEPTH = 12
CJK = "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"

_WORD = re.compile(r"(?=.*[^\W\d_])[^\W_]\w*")
_NUMBERING = re.compile(r"[a-z]|aa?[0-9]+")
_GAP = re.compile(rf"(?<=[{CJK}]) (?=[{CJK}])")
_DASHES = re.compile("[\u2010-\u2015\u2212]+")
_BROKEN = re.compile("[\x00\ud800-\udfff\ufffd]")
_WESTERN = re.compile("[\u0080-\u00ff\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{4,}")
_STEPS = re.compile(r"\s*(?:[/\\>»→／＞＼]|::)\s*")
_HEADERS = {
    "name": "name code codename codelabel label title tag node 名称 编码 编码名称 代码 代码名称 标签 节点 节点名称",
    "zh": "zh namezh chinese chinesename 中文 中文名 中文名称",
    "en": "en nameen english englishname 英文 英文名 英文名称",
    "path": "path codepath fullpath hierarchy hierarchicalname 路径 编码路径 层级路径",
    "parent": "parent parentcode parentname above 上级 上级编码 上级代码 上级节点 父级 父节点",
    "definition": "description desc definition definitionen meaning 描述 定义 说明 定义/说明 描述/定义 含义 释义",
    "definition_zh": "definitionzh 中文定义 定义中文",
    "include": "include includes inclusion inclusioncriteria 纳入 包含 包括 纳入标准",
    "exclude": "exclude excludes exclusion exclusioncriteria 排除 不包含 不包括 排除标准",
    "example": "example examples quote 示例 例子 例句 举例",
}
_FIELDS = {name: field for field, names in _HEADERS.items() for name in names.split()}


def tidy(text: str) -> str:
    """Text as it is stored: NFC, outer blanks off, inner blanks single, none between CJK characters, lines kept.

    YAML folds a broken line into a blank; Chinese has none there, so a wrapped Chinese sentence must close up again.
    """
    flat = re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFC", text))
    lines = (_GAP.sub("", line.strip()) for line in flat.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def fold(text: str) -> str:
    """A name reduced for comparing: full and half width, case, kinds of dash and all blanks made equal."""
    return re.sub(r"\s+", "", _DASHES.sub("-", unicodedata.normalize("NFKC", text).casefold()))


def has_cjk(text: str) -> bool:
    """Whether any character of `text` is Chinese, Japanese or Korean (their punctuation included)."""
    return re.search(f"[{CJK}]", text) is not None


def fail(where: str, place: str, what: str, hint: str) -> NoReturn:
    """Raise the `CodebookError` that names the file, the line or row in it, what is wrong and what helps."""
    raise CodebookError(f"{where}, {place}: {what}" if place else f"{where}: {what}", hint)


def refuse_unsuitable(text: str, where: str) -> None:
    """Refuse a text that is too long, empty, or was decoded with the wrong encoding (raises CodebookError)."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        fail(where, "", f"{size:,} bytes; a codebook has at most {MAX_BYTES:,}", "Is this the right file?")
    if not text.strip("\ufeff \t\r\n"):
        fail(where, "", "the file is empty", "A codebook needs at least an id and one code.")
    place = _garbled_at(text)
    if place is not None:
        line = f"line {text.count(chr(10), 0, place) + 1}"
        what = "garbled characters: the file was read with the wrong encoding"
        fail(where, line, what, "Save the file as UTF-8 (in Excel: 'CSV UTF-8') and try again.")


def _garbled_at(text: str) -> int | None:
    """Where Chinese bytes were read as Western letters, or UTF-8 bytes as GB; None for a sound text."""
    broken = _BROKEN.search(text)
    if broken:
        return broken.start()
    for run in _WESTERN.finditer(text):
        if 3 * len(re.findall("[\u00c0-\u00ff]", run[0])) < len(run[0]):
            continue  # dashes and curly quotes in a row are sound Chinese punctuation
        readings = (_reread(run[0], west, east) for west in ("latin-1", "cp1252") for east in ("gb18030", "utf-8"))
        if any(re.fullmatch(f"[{CJK}]+", reading) for reading in readings):
            return run.start()
    foreign = re.search("[^\x00-\x7f]", text)
    return foreign.start() if foreign and has_cjk(_reread(text, "gb18030", "utf-8")) else None


def _reread(text: str, was: str, should_be: str) -> str:
    try:
        return text.encode(was).decode(should_be)
    except UnicodeError:
        return ""


def check_id(code_id: str, where: str, place: str) -> None:
    """Refuse an id that is not lower-case words joined by dots, or that could be taken for the numbering of codes."""
    if code_id != code_id.lower() or not all(_WORD.fullmatch(word) for word in code_id.split(".")):
        what = f"the id '{code_id}' is not made of lower-case words joined by dots"
        fail(where, place, what, "Write it like 'dart.access.tools'.")
    bare = next((word for word in code_id.split(".") if _NUMBERING.fullmatch(word)), None)
    if bare:
        what = f"the id '{code_id}' has the bare letter '{bare}': open coding numbers its labels and concepts so"
        fail(where, place, what, "Use a word, such as 'dart.access' for A.")


def family(found: Sequence[tuple[Code, str]], book_id: str, where: str) -> tuple[Code, ...]:
    """The codes with their parents, once ids are sound, unique and below `book_id`, and every parent is there."""
    if not found:
        fail(where, "", "it has no codes", "A codebook needs at least one.")
    places: dict[str, str] = {}
    for code, place in found:
        check_id(code.id, where, place)
        if not code.id.startswith(f"{book_id}."):
            fail(where, place, f"the id '{code.id}' does not begin with '{book_id}.'", f"Try '{book_id}.{code.id}'.")
        if code.id in places:
            fail(where, place, f"the id '{code.id}' is taken by {places[code.id]}", "Rename one of the two.")
        if not code.zh and not code.en:
            fail(where, place, f"{code.id} has no name", "Give it zh, en or both.")
        places[code.id] = place
    family = []
    for code, place in found:
        parent = code.id.rpartition(".")[0]
        if parent != book_id and parent not in places:
            fail(where, place, f"the parent '{parent}' of '{code.id}' is missing", f"Add a code '{parent}'.")
        family.append(replace(code, parent="" if parent == book_id else parent))
    return tuple(family)


@dataclass(slots=True)
class _Entry:
    """One data row with its cells by field, and its path of labels once known."""

    row: int
    cells: dict[str, str]
    path: tuple[str, ...] = ()

    def names(self) -> set[str]:
        """Every folded name the row's code goes by."""
        return {fold(self.cells.get(field, "")) for field in ("name", "zh", "en")} - {""}

    def label(self) -> str:
        return next((self.cells[field] for field in ("name", "en", "zh") if self.cells.get(field)), "")


def read_codes(text: str, where: str, codebook_id: str) -> list[tuple[Code, str]]:
    """Each code with its place ("row 5", the header being row 1). Raises CodebookError naming the row.

    Ids are `codebook_id` and one word per level: the English name if there is one, else the name as it stands.
    A level that a path names but no row describes becomes a code without a definition.
    """
    entries = _entries(text, where)
    _place(entries, where)
    known: dict[tuple[str, str], str] = {}
    found: list[tuple[int, Code]] = []

    def add(above: str, label: str, row: int, cells: dict[str, str]) -> str:
        word = _word(cells.get("en") or label)
        if not word:
            fail(where, f"row {row}", f"'{label}' has no letter to make an id of", "Rename it.")
        code = _code(f"{above}.{word}", label, cells)
        found.append((row, code))
        return code.id

    for entry in sorted(entries, key=lambda one: len(one.path)):
        above = codebook_id
        for label in entry.path[:-1]:
            if (above, fold(label)) not in known:
                known[above, fold(label)] = add(above, label, entry.row, {})
            above = known[above, fold(label)]
        own = add(above, entry.path[-1], entry.row, entry.cells)
        for name in entry.names() | {fold(entry.path[-1])}:
            known.setdefault((above, name), own)
    return [(code, f"row {row}") for row, code in sorted(found, key=lambda one: one[0])]


def _entries(text: str, where: str) -> list[_Entry]:
    """The data rows as cells by field."""
    lines = text.removeprefix("\ufeff").lstrip("\r\n")
    header = lines.splitlines()[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True)
    entries, fields = [], list[str]()
    try:
        for row, cells in enumerate(reader, start=1):
            if row == 1:
                fields = _fields(cells, where)
            elif len(cells) > len(fields):
                what = f"{len(cells)} cells under {len(fields)} headers"
                fail(where, f"row {row}", what, f"Put quotes round a cell that holds '{delimiter}'.")
            elif any(cell.strip() for cell in cells):
                pairs = zip(fields, cells, strict=False)
                entries.append(_Entry(row, {field: tidy(cell) for field, cell in pairs if field}))
    except csv.Error as error:
        raise CodebookError(f"{where}, line {reader.line_num}: {error}", "Check the quotes round its cells.") from error
    return entries


def _fields(header: list[str], where: str) -> list[str]:
    """The field each column fills, "" for a column that is none of ours (a count of quotations, say)."""
    fields: list[str] = []
    for title in header:
        key = re.sub(r"[_\-().:：]", "", fold(title))
        near = difflib.get_close_matches(key, _FIELDS, n=1, cutoff=0.85)
        if key not in _FIELDS and near:
            fail(where, "row 1", f"unknown column '{title}'", f"The nearest known column is '{near[0]}'.")
        field = _FIELDS.get(key, "")
        if field and field in fields:
            other = header[fields.index(field)]
            fail(where, "row 1", f"'{other}' and '{title}' both mean {field}", "Keep one, or join the two.")
        fields.append(field)
    if not {"name", "zh", "en", "path"} & set(fields):
        fail(where, "row 1", "no column holds the codes' names", "Call one column name (名称) or path (路径).")
    return fields


def _place(entries: list[_Entry], where: str) -> None:
    """Give every row its path of labels."""
    by_name: dict[str, list[_Entry]] = {}
    for entry in entries:
        steps = tuple(step for step in _STEPS.split(entry.cells.get("path", "")) if step)
        if not steps and not entry.label():
            fail(where, f"row {entry.row}", "the code has no name", "Fill in name (名称) or path (路径).")
        own = not steps or (entry.names() and fold(steps[-1]) not in entry.names())
        entry.path = (*steps, entry.label()) if own else steps
        for name in entry.names() | {fold(entry.path[-1])}:
            by_name.setdefault(name, []).append(entry)
    full = [_full_path(entry, by_name, where) for entry in entries]
    for entry, path in zip(entries, full, strict=True):
        entry.path = path


def _full_path(entry: _Entry, by_name: dict[str, list[_Entry]], where: str) -> tuple[str, ...]:
    """The row's path below those of the rows above it."""
    path, above = entry.path, _above(entry, by_name, where)
    while above is not None and len(path) <= MAX_DEPTH:
        path, above = (*above.path, *path), _above(above, by_name, where)
    if len(path) > MAX_DEPTH:
        what = f"more than {MAX_DEPTH} levels above '{entry.path[-1]}', or its parents form a ring"
        fail(where, f"row {entry.row}", what, "Mend the path (路径) or parent (上级) column.")
    return path


def _above(entry: _Entry, by_name: dict[str, list[_Entry]], where: str) -> _Entry | None:
    """The row that `entry` names as its parent; None where it names none or has a path of its own."""
    parent = entry.cells.get("parent", "")
    if not parent or len(entry.path) > 1:
        return None
    found = by_name.get(fold(parent), [])
    if len(found) != 1:
        what = f"the parent '{parent}' is {'missing' if not found else 'the name of several rows'}"
        fail(where, f"row {entry.row}", what, "Use a path column (路径), or name a code that is there once.")
    return found[0]


def _word(label: str) -> str:
    """One word of an id: lower case, other than letters and digits made "_"; CJK characters stay as they are."""
    lower = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower()).lower()
    return re.sub(r"[\W_]+", "_", lower).strip("_")


def _code(code_id: str, label: str, cells: dict[str, str]) -> Code:
    """The code of one row; a text goes to the Chinese or the English field by its script."""

    def items(field: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in re.split(r"[;；\n]", cells.get(field, "")) if part.strip())

    definition, example, chinese = cells.get("definition", ""), cells.get("example", ""), has_cjk(label)
    return Code(
        id=code_id,
        zh=cells.get("zh") or (label if chinese else ""),
        en=cells.get("en") or ("" if chinese else label),
        definition="" if has_cjk(definition) else definition,
        definition_zh=cells.get("definition_zh") or (definition if has_cjk(definition) else ""),
        aliases=() if label in (cells.get("zh") or label, cells.get("en")) else (label,),
        include=items("include"),
        exclude=items("exclude"),
        examples=(CodeExample(zh=example) if has_cjk(example) else CodeExample(en=example),) if example else (),
    )
