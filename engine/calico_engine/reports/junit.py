"""What became of cases as JUnit's XML, with the elements and attributes that all of its readers know.

A time is the seconds that the asking took, a timestamp says when a suite's first case began, in UTC without saying so:
Ant's schema wants no zone. No attribute is unknown to Jenkins' schema (xunit-plugin, `junit-10.xsd`).
Every text is made printable first, so none holds a character that XML cannot.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from calico_engine.analysis.case_results import CaseResult, Status, Totals
from calico_engine.errors import MESSAGE_LIMIT, printable
from calico_engine.reports.policy_tests import detail_lines

_PROBLEMS = {Status.FAILED: "failure", Status.ERROR: "error"}


class JUnitReport:
    """A test suite for each file, a test case for each case; it grows as results come."""

    def __init__(self) -> None:
        self._root = ElementTree.Element("testsuites", name="calico-engine test")
        self._totals = Totals()
        self._suites: dict[str, tuple[ElementTree.Element, Totals]] = {}

    def add(self, result: CaseResult) -> None:
        file = printable(result.file, MESSAGE_LIMIT)
        suite, totals = self._suites.get(file) or (self._suite(file, result.clocked.began), Totals())
        self._suites[file] = suite, totals.plus(result)
        self._totals = self._totals.plus(result)
        time = _seconds(result.clocked.seconds)
        case = ElementTree.SubElement(suite, "testcase", classname=file, name=printable(result.name), time=time)
        if not result.passed:
            message, *details = (line.text for line in detail_lines(result))
            name, kind = _PROBLEMS[result.status], result.status.value
            problem = ElementTree.SubElement(case, name, message=message, type=kind)
            problem.text = "\n".join([f"{file}:{result.line}", message, *details])

    def _suite(self, file: str, began: float) -> ElementTree.Element:
        timestamp = datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return ElementTree.SubElement(self._root, "testsuite", name=file, timestamp=timestamp)

    def text(self) -> str:
        """The document so far."""
        for element, totals in [(self._root, self._totals), *self._suites.values()]:
            element.attrib |= _counts(totals)
        ElementTree.indent(self._root)
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(self._root, encoding="unicode") + "\n"


def _counts(totals: Totals) -> dict[str, str]:
    counts = {"tests": totals.cases, "failures": totals.failed, "errors": totals.errors}
    return {**{name: str(number) for name, number in counts.items()}, "time": _seconds(totals.seconds)}


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"
