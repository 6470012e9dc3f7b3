"""What became of mutants, as text and as JSON (`schemas/mutation.schema.json`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from itertools import groupby, islice

from calico_engine.analysis.comparison.witnesses import Answered, Sides, Witness
from calico_engine.analysis.mutation.mutants import Mutant
from calico_engine.analysis.mutation.results import CaseName, Fate, Judgement, MutationResults
from calico_engine.dataplane.outcomes import Decision
from calico_engine.errors import printable
from calico_engine.manifests.yaml_problems import render_path
from calico_engine.reports.lines import Line
from calico_engine.reports.listings import as_yaml

Json = Mapping[str, object]
_MARKS = {Fate.SURVIVED: ("✗", "bad"), Fate.MAYBE_EQUIVALENT: ("?", "unsure"), Fate.KILLED: ("✓", "good")}
_MARKS[Fate.EQUIVALENT] = ("=", "dim")
_LONGEST = 500
#: So many lines of a difference are shown.
_DIFFERENCE = 14


def mutation_lines(results: MutationResults, *, verbose: bool = False) -> Iterator[Line]:
    """Each object with the mistakes in it that nobody noticed, or `verbose` all; the cases; the score."""
    faultless = 0
    for (kind, namespace, name), found in groupby(results.judgements, key=lambda each: _owner(each.mutant)):
        judgements = list(found)
        noticed = sum(each.fate is Fate.KILLED for each in judgements)
        counted = sum(each.fate is not Fate.EQUIVALENT for each in judgements)
        shown = [each for each in judgements if verbose or each.fate in (Fate.SURVIVED, Fate.MAYBE_EQUIVALENT)]
        if not shown:
            faultless += 1
            continue
        owner = printable("/".join(filter(None, (namespace, name))))
        yield Line(f"{kind} {owner}: {noticed} of {_mistakes(counted)} noticed")
        for judgement in shown:
            yield from _judgement_lines(judgement)
    if faultless:
        yield Line(f"every mistake in {_count(faultless, 'other object')} was noticed, or makes no difference", "good")
    yield from _case_lines(results)
    yield from _summary(results)


def _judgement_lines(judgement: Judgement) -> Iterator[Line]:
    mark, tone = _MARKS[judgement.fate]
    mutant = judgement.mutant
    place = "" if judgement.place is None else f"  ({printable(judgement.place[0], _LONGEST)}:{judgement.place[1]})"
    where = printable(render_path(mutant.path).removeprefix("spec."))
    yield Line(f"  {mark} {mutant.operator} {where}: {printable(mutant.description, _LONGEST)}{place}", tone)
    if judgement.killed_by is not None:
        by = judgement.killed_by
        yield Line(f"      noticed by {printable(by.name)}: {printable(judgement.message, _LONGEST)}", "dim")
    if judgement.fate in (Fate.SURVIVED, Fate.MAYBE_EQUIVALENT):
        yield from difference_lines(mutant)
    if judgement.witness is not None:
        yield Line(f"      a case that would notice: {_told(judgement.witness.answers)}")
        yield from (Line(f"        {line}") for line in as_case(mutant, judgement.witness).splitlines())


def _told(answers: Sides) -> str:
    return f"{_answer(answers.before)} as it is, {_answer(answers.after)} with the mistake"


def _answer(answered: Answered) -> str:
    if answered.decision is not Decision.NO_POLICY:
        return answered.decision.value
    return f"{answered.decision.value} ({'let through' if answered.allowed else 'dropped'} by the host)"


def difference_lines(mutant: Mutant) -> Iterator[Line]:
    """The object's lines that differ, with one around them."""
    old, new = _around(*(as_yaml(value).splitlines() for value in (mutant.original, mutant.changed)))
    # The first two lines name files.
    lines = [line for line in islice(unified_diff(old, new, n=1, lineterm=""), 2, None) if not line.startswith("@@")]
    for line in lines[:_DIFFERENCE]:
        tone = {"-": "bad", "+": "good"}.get(line[0], "dim")
        yield Line(f"      {line[0]} {printable(line[1:], _LONGEST)}".rstrip(), tone)
    if len(lines) > _DIFFERENCE:
        yield Line(f"      … and {len(lines) - _DIFFERENCE} more lines", "dim")


def _around(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Without most of what both begin and end with: to compare long texts line by line takes long."""
    most = min(len(old), len(new))
    first = next((at for at in range(most) if old[at] != new[at]), most)
    last = next((at for at in range(most - first) if old[-1 - at] != new[-1 - at]), most - first)
    start, rest = max(first - 1, 0), max(last - 1, 0)
    return old[start : len(old) - rest], new[start : len(new) - rest]


def as_case(mutant: Mutant, witness: Witness) -> str:
    """A case for a file of cases that passes as it is, and fails with the mistake."""
    fields = "".join(as_yaml({key: value}) for key, value in _case(mutant, witness).items())
    return "- " + fields.rstrip().replace("\n", "\n  ")


def _case(mutant: Mutant, witness: Witness) -> dict[str, object]:
    before = witness.answers.before
    case: dict[str, object] = {"name": f"not {mutant.id}"}
    if witness.words is None:
        case["packet"] = witness.packet.to_query()
    else:
        words = witness.words
        case |= {"from": words.source, "to": words.destination, "service": words.service}
        case |= {} if words.source_port is None else {"sourcePort": words.source_port}
    case["expect"] = "allow" if before.allowed else "deny"
    if not witness.answers.one_passes:
        # It gets through both times, or neither time: who decided tells.
        case["by"] = {"reason": before.reason.value}
    return case


def _case_lines(results: MutationResults) -> Iterator[Line]:
    yield Line("")
    yield Line("noticed first by")
    kills = results.kills
    width = len(str(max(kills.values(), default=0)))
    for case, number in sorted(kills.items(), key=lambda item: -item[1]):
        place = f"({printable(case.file, _LONGEST)}:{case.line})"
        yield Line(f"  {number:{width}}  {printable(case.name)}  {place}", "plain" if number else "dim")


def _summary(results: MutationResults) -> Iterator[Line]:
    equivalent, maybe = results.count(Fate.EQUIVALENT), results.count(Fate.MAYBE_EQUIVALENT)
    counted = len(results.judgements) - equivalent
    runs = sum(each.runs for each in results.judgements)
    yield Line("")
    if maybe:
        text = f"perhaps without a difference, as none of {results.tries:,} packets told one: {_mistakes(maybe)}"
        yield Line(text, "unsure")
    if equivalent:
        yield Line(f"without a difference to any packet, and so not counted: {_mistakes(equivalent)}", "dim")
    noticed = f"{results.count(Fate.KILLED)} of {_mistakes(counted)} noticed by {_count(len(results.cases), 'case')}"
    tone = "good" if results.score == 100 else "bad"
    yield Line(f"score {_score(results)} %: {noticed}, in {_count(runs, 'run')}", tone)


def _score(results: MutationResults) -> str:
    """Rounded down: 100 means all."""
    return f"{int(results.score * 10) / 10:.1f}"


def mutation_json(results: MutationResults) -> Json:
    """All of it."""
    kills = results.kills
    return {
        "score": round(results.score, 4),
        "tries": results.tries,
        "totals": {
            "mutants": len(results.judgements),
            "killed": results.count(Fate.KILLED),
            "survived": results.count(Fate.SURVIVED),
            "maybeEquivalent": results.count(Fate.MAYBE_EQUIVALENT),
            "equivalent": results.count(Fate.EQUIVALENT),
            "cases": len(results.cases),
            "runs": sum(each.runs for each in results.judgements),
        },
        "cases": [{**_case_json(case), "killed": kills[case]} for case in results.cases],
        "mutants": [_judgement_json(each) for each in results.judgements],
    }


def _judgement_json(judgement: Judgement) -> Json:
    mutant, place, witness = judgement.mutant, judgement.place, judgement.witness
    return {
        "id": mutant.id,
        "operator": mutant.operator.value,
        "kind": mutant.kind,
        "namespace": mutant.namespace or None,
        "name": mutant.name,
        "path": render_path(mutant.path),
        "file": None if place is None else place[0],
        "line": None if place is None else place[1],
        "description": mutant.description,
        "patch": mutant.patch.change,
        "fate": judgement.fate.value,
        "runs": judgement.runs,
        "killedBy": None if judgement.killed_by is None else _case_json(judgement.killed_by),
        "message": judgement.message or None,
        "witness": None if witness is None else _witness_json(mutant, witness),
    }


def _witness_json(mutant: Mutant, witness: Witness) -> Json:
    before, after = witness.packet_answers
    return {
        "packet": witness.packet.to_query(),
        "before": {"decision": before.decision.value, "allowed": before.allowed},
        "after": {"decision": after.decision.value, "allowed": after.allowed},
        "case": _case(mutant, witness),
    }


def _case_json(case: CaseName) -> dict[str, object]:
    return {"file": case.file, "line": case.line, "name": case.name}


def _owner(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.kind, mutant.namespace, mutant.name


def _mistakes(number: int) -> str:
    return _count(number, "mistake")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
