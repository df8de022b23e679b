"""A `Study` in, JSON Lines out: one object per suggestion or coding, keys as docs/export.md promises. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from assistant.exporting.saving import encode
from assistant.model import Record, Study


def as_dict(record: Record) -> dict[str, Any]:
    """One record as the exchange contract has it: these keys, in this order, in every line."""
    return {
        "id": record.id,
        "kind": record.kind,
        "document": record.document,
        "document_name": record.document_name,
        "sha256": record.sha256,
        "case": record.case,
        "segment": record.segment,
        "start": record.start,
        "end": record.end,
        "quote": record.quote,
        "quote_status": record.quote_status,
        "flags": list(record.flags),
        "code": record.code,
        "code_zh": record.code_zh,
        "code_en": record.code_en,
        "polarity": record.polarity,
        "modality": record.modality,
        "voice": record.voice,
        "codebook": record.codebook,
        "codebook_version": record.codebook_version,
        "coder": {"kind": record.coder.kind, "name": record.coder.name},
        "run": record.run,
        "state": record.state,
        "rationale": record.rationale,
        "confidence": record.confidence,
        "suggestion": record.suggestion,
        "why": record.why,
        "created": record.created,
        "decisions": [asdict(verdict) for verdict in record.decisions],
        "checks": [asdict(check) for check in record.checks],
    }


def dump(study: Study) -> bytes:
    """UTF-8 without BOM, one object per line, each line ended by LF; nothing at all for a study without records."""
    return encode("".join(json.dumps(as_dict(r), ensure_ascii=False) + "\n" for r in study.records))
