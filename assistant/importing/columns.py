"""A row of column names in, what each column of a table of codings holds out. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.errors import ReadingError
from assistant.importing.foreign import tidy

Shape = Literal["long", "list", "wide"]

HINT = (
    "Name the columns document (文档), unit (单元) or quote (引文), coder (编码者), and code (编码), codes (编码列表)"
    " or one column for each code."
)
_HEADERS = {
    "document": "document doc documentname documentid docid file filename source transcript interview"
    " 文档 文档名 文档名称 文件 文件名 文件名称 材料 资料 访谈 来源",
    "unit": "unit unitid segment segmentid segmentnumber paragraph para sentence turn"
    " 单元 单元号 单元编号 分析单元 段 段号 段落 段落号 段落编号 片段 片段号 片段编号 句子编号",
    "text": "text content unittext segmenttext 文本 正文 内容 全文 单元文本 段落文本",
    "quote": "quote quotation quotes excerpt snippet codedtext codedsegment"
    " 引文 引语 引用 原文 原话 摘录 选段 编码文本 编码片段 原始语句",
    "code": "code codename codelabel tag label node 编码 编码名 编码名称 代码 代码名称 标签 节点 节点名称",
    "codes": "codes codelist allcodes tags labels 编码列表 全部编码 所有编码 代码列表 标签列表",
    "coder": "coder codername annotator rater author user codedby 编码者 编码员 编码人 标注者 标注员 作者",
    "polarity": "polarity sentiment valence sign 极性 正负 倾向 情感 方向",
    "memo": "memo comment comments note notes remark 备忘 备忘录 备注 批注 说明",
    "created": "created createdat date time timestamp 日期 时间 创建时间 编码时间",
    "case": "case casename 案例 案例名称 个案",
    "none": "none nocode nocodes 无 无编码 没有编码",
}
_FIELDS = {name: field for field, names in _HEADERS.items() for name in names.split()}
_IDS = frozenset({"id", "序号", "编号"})  # the unit where documents are named beside it, else the document


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it holds; `field` is "" for one that none of the known names fits: a code, in a wide table."""

    title: str
    field: str


def count_known(titles: Sequence[str]) -> int:
    """How many of the names are known."""
    return sum(_field(title) != "" for title in titles)


def columns_of(titles: Sequence[str]) -> tuple[Column, ...] | None:
    """The columns, or None where the row does not name those of codings. Raises ReadingError for two that mean one."""
    fields = [_field(title) for title in titles]
    if "id" in fields:
        fields = [field if field != "id" else "unit" if "document" in fields else "document" for field in fields]
    columns = tuple(Column(tidy(title), field) for title, field in zip(titles, fields, strict=True))
    if "document" not in fields or not (
        {"code", "codes"} & set(fields) or any(c.title and not c.field for c in columns)
    ):
        return None
    for place, column in enumerate(columns):
        for other in columns[:place]:
            if column.title and (column.field or column.title) == (other.field or other.title):
                raise ReadingError(
                    f"the columns {other.title!r} and {column.title!r} mean the same", "Keep one of them."
                )
    if {"code", "codes"} <= set(fields):
        raise ReadingError("it has a column for one code and one for several", "Keep one of them.")
    return columns


def shape_of(columns: Sequence[Column]) -> Shape:
    """Whether a row is one coding, one unit with a list of codes, or one unit with a column per code."""
    fields = {column.field for column in columns}
    if "code" in fields or {"codes", "quote"} <= fields:
        return "long"
    return "list" if "codes" in fields else "wide"


def _field(title: str) -> str:
    key = re.sub(r"[\s_\-().:：（）#]", "", unicodedata.normalize("NFKC", title).casefold())
    return "id" if key in _IDS else _FIELDS.get(key, "")
