"""Evidence in, the whole report as JSON values out (docs/eval.md): every figure, verdict and list of it. Pure, seeded.

Compared are the units of the split that some person coded. A unit that a run has no coding for (it failed, was refused,
is pending) is missing there, never "no code", and is counted. Where the study is reflexive there are no coefficients
and no verdicts, only counts and points for discussion; open codes have no agreement by code, only on the words marked.
Equal evidence gives equal bytes; of all orders only that of `units` (saturation), `labels` and `machines` has a say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from assistant.errors import UsageError
from eval import describing
from eval.baselines import trivial
from eval.contrasting import contrasts
from eval.deriving import confidence, measured, polarity, prevalences, saturations
from eval.differing import differences
from eval.disagreeing import as_dicts, confusion, disagreements
from eval.evidence import Evidence, Machine
from eval.joining import Joined, join, marked, said
from eval.judging import best_trivial, ceiling, power, replacement
from eval.measures import Scores
from eval.mending import Mend, documents, mend
from eval.results import Judged, Result, judged_dict, scores_dict, versions
from eval.scoring import score_said
from eval.steadying import Stability, stability
from eval.uncertainty import RESAMPLES
from eval.verdicts import Findings, verdict

SCHEMA = "codart.eval.report/1"
MARKED = "marked"  # the one code under which words are compared where codes are open
_DIGITS = 9

Inductive = Callable[[Evidence], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Study:
    """What all runs of one report share. `trivial`: empty where there are no coefficients."""

    joined: Joined
    result: Result | None
    trivial: Mapping[str, Any]
    seed: int
    resamples: int
    epsilon: float

    @property
    def counted(self) -> bool:
        """Whether agreement on codes is measured."""
        return bool(self.trivial)

    def judged(self, machine: Machine) -> Judged | None:
        """A run beside the people; None where nothing is compared."""
        return next((each for each in self.result.judged if each.coder == machine.name), None) if self.result else None


def assess(
    evidence: Evidence,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    epsilon: float = 0.15,
    inductive: Inductive | None = None,
) -> dict[str, Any]:
    """The report of `evidence`. `epsilon`: what a person's time may cost in agreement (`eval.replacing.EPSILONS`).

    `inductive` makes the part on open codes, for evidence of that kind. Raises UsageError where two people or two runs
    bear one name.
    """
    joined = join(evidence)
    study = _study(joined, seed, resamples, epsilon)
    runs = [_run(study, machine) for machine in evidence.machines]
    pairs = [(machine.name, machine.codings) for machine in evidence.machines]
    report = {
        **_head(joined),
        "data": describing.data(joined),
        "human": scores_dict(study.result.human) if study.result and study.result.human else None,
        "trivial": study.trivial or None,
        "runs": runs,
        "compare": contrasts(joined, pairs, joined.codes, seed, resamples) if study.counted else [],
        "saturation": saturations(joined, seed),
        "todo": _todo(study),
        "open": inductive(evidence) if inductive and evidence.kind == "open" else None,
        "versions": versions(),
        "seed": seed,
        "inputs": {person.name: person.sha256 for person in sorted(evidence.people, key=lambda each: each.name)},
    }
    return dict(_tidy(report))


def _head(joined: Joined) -> dict[str, Any]:
    evidence = joined.evidence
    return {
        "schema": SCHEMA,
        "title": evidence.title,
        "question": evidence.question,
        "kind": evidence.kind,
        "codebook": evidence.codebook,
        "unit": evidence.unit,
        "stance": evidence.stance,
        "split": evidence.split,
        "sample_gold": evidence.sample_gold,
        "codes": list(joined.codes),
        "labels": describing.labels(joined),
        "lock": dict(evidence.lock),
        "sample": describing.sample(joined),
    }


def _study(joined: Joined, seed: int, resamples: int, epsilon: float) -> _Study:
    evidence = joined.evidence
    if evidence.stance == "reflexive" or not joined.people:
        return _Study(joined, None, {}, seed, resamples, epsilon)
    result = _scored(joined, seed, resamples)
    coded = evidence.kind == "assignment"
    return _Study(
        joined, result, trivial(joined.ratings, joined.codes, seed) if coded else {}, seed, resamples, epsilon
    )


def _scored(joined: Joined, seed: int, resamples: int) -> Result | None:
    """Every run against the people; None where there is nothing to compare."""
    evidence, keys = joined.evidence, joined.keys
    is_open = evidence.kind == "open"
    kinds = set() if is_open else {"codes"}
    words = [any(marked(each.codings, keys) for each in side) for side in (joined.people, evidence.machines)]
    if all(words) or (words[0] and not evidence.machines):
        kinds.add("spans")
    if not kinds:
        return None
    one = MARKED if is_open else None
    people = {person.name: said(evidence, person.codings, keys, one) for person in joined.people}
    runs = {machine.name: said(evidence, machine.codings, keys, one) for machine in evidence.machines}
    codes = None if is_open else joined.codes
    known = {key: len(evidence.units[key].text) for key in keys}
    return score_said(people, runs, keys, known, kinds, codes=codes, seed=seed, resamples=resamples)


def _run(study: _Study, machine: Machine) -> dict[str, Any]:
    joined, codings = study.joined, machine.codings
    judged = study.judged(machine)
    is_open = joined.evidence.kind == "open"
    found = [] if is_open else disagreements(joined, codings)
    counted = _counted(study, machine, judged) if study.counted and judged else _UNCOUNTED
    return {
        **describing.run(machine),
        "score": judged_dict(judged) if judged else _unscored(joined, machine),
        **counted,
        "confusion": None if is_open else confusion(joined, codings),
        "disagreements": as_dicts(joined, codings, found),
    }


_UNCOUNTED: Mapping[str, Any] = {
    "ceiling": {},
    "power": {},
    "replacement": None,
    "verdicts": {},
    "polarity": {},
    "prevalence": {},
    "calibration": None,
    "stability": {"repeats": None, "paraphrases": None},
    "differential": [],
    "documents": [],
}


def _counted(study: _Study, machine: Machine, judged: Judged) -> dict[str, Any]:
    """All coefficients of a run."""
    joined, codings, seed, resamples = study.joined, machine.codings, study.seed, study.resamples
    gaps = ceiling(joined, codings, seed, resamples)
    kappas = {code: judged.scores.codes[code]["kappa"] for code in joined.codes}
    replaced = replacement(joined, codings, study.epsilon, seed)
    steady = {
        "repeats": stability(joined.material, codings, machine.repeats, joined.codes, seed, resamples),
        "paraphrases": stability(joined.material, codings, machine.paraphrases, joined.codes, seed, resamples),
    }
    return {
        "ceiling": gaps,
        "power": power(joined, codings, kappas),
        "replacement": replaced,
        "verdicts": {code: _verdict(study, machine, judged, code, gaps, replaced, steady) for code in joined.codes},
        "polarity": polarity(joined, codings, seed, resamples),
        "prevalence": measured(prevalences(joined, codings)),
        "calibration": confidence(joined, machine),
        "stability": steady,
        "differential": differences(joined, codings, seed, resamples),
        "documents": documents(joined, codings),
    }


def _verdict(
    study: _Study,
    machine: Machine,
    judged: Judged,
    code: str,
    gaps: Mapping[str, Any],
    replaced: Mapping[str, Any] | None,
    steady: Mapping[str, Stability | None],
) -> dict[str, Any]:
    joined, human = study.joined, study.result.human if study.result else None
    keys = joined.answered(machine.codings)
    positives = sum(any(code in voice for voice in joined.voices(key)) for key in keys)
    found = Findings(
        positives=positives,
        documents=len({key[0] for key in keys}),
        quotes=describing.run(machine)["quotes"]["share"],
        gap=gaps["codes"][code]["kappa"]["gap"] if gaps else None,
        p_pos=judged.scores.codes[code]["p_pos"],
        human_p_pos=human.codes[code]["p_pos"].value if human else None,
        trivial_p_pos=best_trivial(study.trivial, code),
        people=len(joined.people),
        replacement=replaced["codes"][code]["verdict"] if replaced else "",
        **{name: each.codes[code] if each else None for name, each in steady.items()},
    )
    said_of, reasons = verdict(found)
    return {"verdict": said_of, "reasons": reasons, "positives": positives}


def _todo(study: _Study) -> list[Mend]:
    """What to mend first, from the first run of a language model (of any, if there is none)."""
    machines = sorted(study.joined.evidence.machines, key=lambda machine: machine.baseline)
    judged = study.judged(machines[0]) if machines and study.counted else None
    if judged is None or study.result is None:
        return []
    found = disagreements(study.joined, machines[0].codings)
    return mend(study.joined, found, _kappas(study.result.human), _kappas(judged.scores))


def _kappas(scores: Scores | None) -> dict[str, float | None]:
    return {code: each["kappa"].value for code, each in scores.codes.items() if "kappa" in each} if scores else {}


def _unscored(joined: Joined, machine: Machine) -> dict[str, Any]:
    """The fields of a score where no agreement is measured: what is missing is still counted."""
    return {
        "coder": machine.name,
        "against": "",
        "codes": {},
        "overall": {},
        "counts": {},
        "each": {},
        "baseline": {"coder": "", "codes": {}, "overall": {}},
        "missing_units": len(joined.keys) - len(joined.answered(machine.codings)),
    }


def _tidy(value: Any) -> Any:
    """JSON values: numbers rounded, as the last bits of a sum depend on the machine; measures as objects."""
    if isinstance(value, float):
        return round(value, _DIGITS) + 0.0
    if is_dataclass(value):
        return {field.name: _tidy(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _tidy(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_tidy(each) for each in value]
    return value


def score_evidence(evidence: Evidence, *, seed: int = 0, resamples: int = RESAMPLES) -> Result:
    """Every run against the people, as `codart eval score` gives it. UsageError where there is nothing to compare."""
    joined = join(evidence)
    found = _scored(joined, seed, resamples)
    if found is None or not evidence.machines:
        raise UsageError("there is nothing to compare", "ask models about the coded units with: codart eval run")
    inputs = {person.name: person.sha256 for person in joined.people}
    return replace(found, inputs=inputs)
