"""Text and Markdown files."""

from __future__ import annotations

from pathlib import Path

from assistant.reading import read
from tests.reading.making import EN, ZH, save

MARKDOWN = f"""---
title: Notes
---

# Über Plattformen 😀 ##

{ZH}

Second part
===========

Third part
---

* a list
---

```sh
# no heading
| no | table |
|----|-------|
```

####### seven
#nospace

|  who | words |
|:-----|------:|
| Ana | {EN} |
| 李 | 好 |
after | the table

a | pipe in prose
"""


def test_text_is_kept_as_it_is(tmp_path: Path) -> None:
    text = f"\n\n  {ZH}\n\n\t{EN}  \n# not a heading here\n\n"
    document = read(save(tmp_path, "a.TXT", text))
    assert document.text == text
    assert (document.media_type, document.encoding, document.blocks, document.notes) == ("txt", "utf-8", (), ())
    assert document.name == "a.TXT"


def test_line_ends_marks_and_letters_become_canonical(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + "cafe\u0301\r\n价值\r共创\0😀".encode()
    document = read(save(tmp_path, "a.txt", data))
    assert document.text == "café\n价值\n共创😀"
    assert document.notes == ("Control characters removed: 1.",)


def test_markdown_text_is_kept_and_its_blocks_marked(tmp_path: Path) -> None:
    document = read(save(tmp_path, "a.md", MARKDOWN.replace("\n", "\r\n")))
    assert document.text == MARKDOWN
    assert [(b.kind, b.label, b.span.of(document.text)) for b in document.blocks] == [
        ("heading", "1", "Über Plattformen 😀"),
        ("heading", "1", "Second part"),
        ("heading", "2", "Third part"),
        ("table", "1", "|  who | words |"),
        ("table", "2", f"| Ana | {EN} |"),
        ("table", "3", "| 李 | 好 |"),
        ("table", "4", "after | the table"),
    ]


def test_offsets_count_code_points_after_composition(tmp_path: Path) -> None:
    document = read(save(tmp_path, "a.md", "e\u0301\u0301 👩‍🔬 𠮷\r\n\r\n## 标题 e\u0301\r\n"))
    (block,) = document.blocks
    assert block.span.of(document.text) == "标题 é"
