"""What became of cases, as text, as JSON (`schemas/policy-tests.schema.json`) and as findings for annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from calico_engine.analysis.case_results import CaseResult, Difference, Status, Totals
from calico_engine.errors import ManifestError, printable
from calico_engine.packets import Packet
from calico_engine.reports.answers import answer_json
from calico_engine.reports.explanation import explanation_lines
from calico_engine.reports.lines import Line
from calico_engine.reports.question_text import question_text, questions_text

_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.ERROR: "!"}
_TONES = {Status.PASSED: "good", Status.FAILED: "bad", Status.ERROR: "unsure"}
_LONGEST = 500
#: So much is shown of a case unless all is wanted, and so many cases are explained.
_ROWS, _SERVICES, _EXPLANATION, _EXPLAINED = 5, 8, 40, 10
_ERRORS = 20


def result_lines(results: Iterable[CaseResult], *, verbose: bool = False) -> Iterator[Line]:
    """A line for each case under its file, and under those that did not pass why; line by line as results come."""
    file = None
    not_passed = 0
    for result in results:
        if result.file != file:
            file = result.file
            yield Line(printable(file, _LONGEST))
        not_passed += not result.passed
        yield _head(result, verbose)
        for line in detail_lines(result, verbose=verbose, explained=verbose or not_passed <= _EXPLAINED):
            yield Line(f"      {line.text}".rstrip(), line.tone)
    if not_passed > _EXPLAINED and not verbose:
        yield Line(f"only the first {_EXPLAINED} that did not pass are explained: -v explains all", "dim")


def detail_lines(result: CaseResult, *, verbose: bool = False, explained: bool = True) -> Iterator[Line]:
    """Why a case did not pass: what differs, the questions for which it does, and the way to the first answer."""
    if result.error:
        yield from _limited((Line(printable(line, _LONGEST)) for line in result.error.splitlines()), _ERRORS)
    rows = _rows(result.differences, None if verbose else _SERVICES)
    shown = rows if verbose else rows[:_ROWS]
    message = None
    for row in shown:
        if row.message != message:
            message = row.message
            yield Line(printable(message, _LONGEST))
        yield Line(f"  {row.text}")
    rest = result.failed - sum(row.questions for row in shown)
    if rest:
        yield Line(f"  … and {_count(rest, 'more question')}")
    if explained and result.differences:
        first = result.differences[0]
        if result.failed > 1:
            yield Line(f"for {first.asked}:")
        yield from _explanation(first, verbose)


def summary_line(totals: Totals) -> Line:
    """The sentence that ends the report."""
    counts = [
        f"{totals.passed} passed",
        *([f"{totals.failed} failed"] if totals.failed else []),
        *([_count(totals.errors, "error")] if totals.errors else []),
    ]
    asked = f"{_count(totals.questions, 'question')} in {_count(totals.files, 'file')}"
    return Line(f"{', '.join(counts)}: {asked}", "good" if totals.all_passed else "bad")


def results_json(results: Iterable[CaseResult], *, trace: bool = False) -> Mapping[str, object]:
    """The whole run; `trace`: with the trace of each case's first answer that differs."""
    totals, cases = Totals(), []
    for result in results:
        totals = totals.plus(result)
        cases.append(_case_json(result, trace))
    return {"passed": totals.all_passed, "totals": _totals_json(totals), "cases": cases}


def case_finding(result: CaseResult) -> ManifestError:
    """A case that did not pass as a finding at its place."""
    told = [result.error] if result.error else []
    if result.differences:
        first = result.differences[0]
        rest = result.failed - first.questions
        more = f", and {_count(rest, 'more question')}" if rest else ""
        told.append(f"{first.message}: {question_text(first.about)}{more}")
    return ManifestError(result.file, None, result.line, result.column, None, result.name, None, "; ".join(told))


def _totals_json(totals: Totals) -> Mapping[str, int]:
    return {
        "files": totals.files,
        "cases": totals.cases,
        "passed": totals.passed,
        "failed": totals.failed,
        "errors": totals.errors,
        "questions": totals.questions,
    }


class _Row(NamedTuple):
    message: str
    text: str
    questions: int


def _rows(differences: Iterable[Difference], limit: int | None) -> list[_Row]:
    """A row for each message and pair of ends, with the services for which it holds, up to a limit."""
    messages: dict[str, dict[object, list[Difference]]] = {}
    for difference in differences:
        about = difference.about
        ends = about if isinstance(about, Packet) else (about.source, about.destination)
        messages.setdefault(difference.message, {}).setdefault(ends, []).append(difference)
    return [
        _Row(message, questions_text([each.about for each in row[:limit]]), sum(each.questions for each in row[:limit]))
        for message, rows in messages.items()
        for row in rows.values()
    ]


def _head(result: CaseResult, verbose: bool) -> Line:
    notes = [] if result.passed else [f"{printable(result.file, _LONGEST)}:{result.line}"]
    notes += [_count(result.questions, "question")] if verbose else []
    text = f"  {_MARKS[result.status]} {printable(result.name)}"
    return Line(f"{text}  ({', '.join(notes)})" if notes else text, _TONES[result.status])


def _explanation(difference: Difference, verbose: bool) -> Iterator[Line]:
    lines = (Line(f"  {line.text}".rstrip(), line.tone) for line in explanation_lines(difference.answer))
    return lines if verbose else _limited(lines, _EXPLANATION)


def _limited(lines: Iterator[Line], limit: int) -> Iterator[Line]:
    yield from islice(lines, limit)
    rest = sum(1 for _ in lines)
    if rest:
        yield Line(f"  … and {_count(rest, 'more line')}")


def _case_json(result: CaseResult, trace: bool) -> Mapping[str, object]:
    return {
        "file": result.file,
        "line": result.line,
        "name": result.name,
        "status": result.status.value,
        "questions": result.questions,
        "failed": result.failed,
        "error": result.error or None,
        "differences": [_difference_json(difference, trace) for difference in result.differences],
    }


def _difference_json(difference: Difference, trace: bool) -> Mapping[str, object]:
    answer = difference.answer if trace else replace(difference.answer, trace=())
    return {
        "about": question_text(difference.about),
        "questions": difference.questions,
        "message": difference.message,
        "asked": difference.asked,
        "answer": answer_json(answer),
    }


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
