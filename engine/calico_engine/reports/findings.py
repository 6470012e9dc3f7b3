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


def validation_json(errors: Iterable[ManifestError], warnings: Iterable[ManifestError]) -> Mapping[str, object]:
    """The report of `validate` as JSON; its shape is published in `schemas/validation.schema.json`."""
    refused = [finding_json(error) for error in errors]
    return {"valid": not refused, "errors": refused, "warnings": [finding_json(warning) for warning in warnings]}


def verdict_line(objects: int, errors: int, warnings: int) -> Line:
    """The sentence that ends the report of `validate`."""
    if errors:
        return Line(f"not valid: {_count(errors, 'error')}, {_count(warnings, 'warning')}", "bad")
    return Line(f"valid: {_count(objects, 'object')}, {_count(warnings, 'warning')}", "good")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
