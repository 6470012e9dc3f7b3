"""What became of cases in the Test Anything Protocol, version 14 (testanything.org/tap-version-14-specification)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from calico_engine.analysis.case_results import CaseResult
from calico_engine.errors import MESSAGE_LIMIT, printable
from calico_engine.reports.lines import Line
from calico_engine.reports.policy_tests import detail_lines


def tap_lines(results: Iterable[CaseResult], planned: int) -> Iterator[Line]:
    """A test point for each case as results come, with a YAML block under those that did not pass."""
    yield Line("TAP version 14")
    yield Line(f"1..{planned}")
    file = None
    for number, result in enumerate(results, start=1):
        if result.file != file:
            file = result.file
            yield Line(f"# {printable(file, MESSAGE_LIMIT)}")
        yield Line(f"{'ok' if result.passed else 'not ok'} {number} - {_description(result.name)}")
        if not result.passed:
            yield from _block(result)


def _block(result: CaseResult) -> Iterator[Line]:
    """JSON is YAML, and its escapes are safe wherever the report goes."""
    details = [line.text for line in detail_lines(result)]
    values = {
        "severity": "error" if result.error else "fail",
        "at": {"file": result.file, "line": result.line},
        "message": details[0],
        "questions": result.questions,
        "failed": result.failed,
        "details": details[1:],
    }
    yield Line("  ---")
    for key, value in values.items():
        yield Line(f"  {key}: {json.dumps(value)}")
    yield Line("  ...")


def _description(text: str) -> str:
    """A `#` would begin a directive such as `# SKIP`."""
    return printable(text).replace("\\", "\\\\").replace("#", "\\#")
