"""Errors and warnings about manifests, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from calico_engine.errors import ManifestError
from calico_engine.reports.lines import Line


def finding_json(finding: ManifestError) -> Mapping[str, object]:
    """One error or warning; what is not known is null."""
    return {key: None if value == "" and key != "message" else value for key, value in asdict(finding).items()} | {
        "file": finding.file
    }


def finding_lines(findings: Iterable[ManifestError], what: str) -> Iterator[Line]:
    """One line for each; `what` is error or warning."""
    tone = "bad" if what == "error" else "unsure"
    for finding in findings:
        yield Line(f"{what}: {finding}", tone)


def validation_lines(
    objects: int, errors: tuple[ManifestError, ...], warnings: tuple[ManifestError, ...]
) -> Iterator[Line]:
    """The report of `validate`: errors, warnings, and one sentence."""
    yield from finding_lines(errors, "error")
    yield from finding_lines(warnings, "warning")
    if errors:
        yield Line(f"not valid: {_count(len(errors), 'error')}, {_count(len(warnings), 'warning')}", "bad")
    else:
        yield Line(f"valid: {_count(objects, 'object')}, {_count(len(warnings), 'warning')}", "good")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
