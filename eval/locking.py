"""A project's test lock and its runs in, what a report says of them out; looks at the test gold are logged here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assistant.drawing import digest
from assistant.model import RunRecord
from assistant.project import Project
from eval.evidence import Evidence, Split


def fingerprint(run: RunRecord) -> str:
    """SHA-256 over what of a run can be tuned: prompt template, codebook version, question, parameters."""
    parameters = {name: value for name, value in run.parameters.items() if name not in ("window", "base_url")}
    tuned = [run.template, run.codebook_version, run.question, parameters]
    return hashlib.sha256(json.dumps(tuned, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def log_opening(project: Project, evidence: Evidence, command: str, runs: Sequence[int]) -> Evidence:
    """Log that the test gold is looked at, if it is; the evidence with the log as it then stands."""
    lock = project.locks.current()
    if lock is None or evidence.split == "dev":
        return evidence
    judged = [project.runs.get(run) for run in runs]
    project.locks.opened(lock, command, digest(project, lock.documents), sorted({fingerprint(run) for run in judged}))
    return replace(evidence, lock=lock_facts(project, judged, evidence.split))


def lock_facts(project: Project, runs: Sequence[RunRecord], split: Split) -> dict[str, Any]:
    """The test lock as a report shows it.

    `tuned`: the test is looked at, and a run was begun after the first opening with prompts, codebook, question or
    parameters that no run before it had.
    """
    lock = project.locks.current()
    if lock is None:
        return {}
    names = {document.id: document.name for document in project.documents.all(current=False)}
    first = lock.openings[0].created if lock.openings else ""
    before = {fingerprint(run) for run in project.runs.all() if run.started <= first}
    return {
        "sha256": lock.sha256,
        "documents": [names.get(document, "") for document in lock.documents],
        "created": lock.created,
        "openings": [{"when": o.created, "command": o.command} for o in lock.openings],
        "tuned": bool(first) and split != "dev" and any(fingerprint(run) not in before for run in runs),
        "gold_changed": split != "dev" and len({o.sha256 for o in lock.openings}) > 1,
    }
