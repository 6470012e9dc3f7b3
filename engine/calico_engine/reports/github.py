"""Findings as GitHub's workflow commands, which a workflow shows beside the lines that they are about.

The escapes are those of the workflow commands' own library (actions/toolkit, packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from calico_engine.errors import MESSAGE_LIMIT, ManifestError, printable
from calico_engine.manifests.sources import STANDARD_INPUT_NAME
from calico_engine.reports.lines import Line
from calico_engine.reports.places import span_of


def annotation_lines(findings: Iterable[ManifestError], texts: Mapping[str, str], level: str) -> Iterator[Line]:
    """One command for each finding; `level` is error or warning."""
    for finding in findings:
        properties = ",".join(f"{key}={_property(value)}" for key, value in _properties(finding, texts).items())
        message = _data(printable(finding.message, MESSAGE_LIMIT))
        yield Line(f"::{level} {properties}::{message}" if properties else f"::{level}::{message}")


def _properties(finding: ManifestError, texts: Mapping[str, str]) -> dict[str, str]:
    span = span_of(finding, texts)
    given = {
        "file": None if finding.file == STANDARD_INPUT_NAME else printable(finding.file, MESSAGE_LIMIT),
        "line": finding.line,
        "endLine": span and span.line,
        "col": finding.column,
        # The column of the last character, which is within the value here.
        "endColumn": span and span.column + span.length - 1,
        "title": finding.subject,
    }
    return {key: str(value) for key, value in given.items() if value not in (None, "")}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
