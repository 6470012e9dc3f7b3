"""Findings as SARIF 2.1.0, the format in which static analysis tools hand findings to each other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from calico_engine.errors import MESSAGE_LIMIT, ManifestError, printable
from calico_engine.reports.finding_rules import RULES, FindingRule, rule_of
from calico_engine.reports.places import span_of

Json = dict[str, object]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_TOOL = "calico-engine"


def sarif_log(errors: Iterable[ManifestError], warnings: Iterable[ManifestError], texts: Mapping[str, str]) -> Json:
    """One run with one result for each finding. Columns count characters; the places' ends are not within them."""
    levelled = [(error, "error") for error in errors] + [(warning, "warning") for warning in warnings]
    used = {rule_of(finding) for finding, _ in levelled}
    rules = [rule for rule in RULES if rule in used]
    results = [_result(finding, level, rules, texts) for finding, level in levelled]
    driver = {"name": _TOOL, "rules": [_rule(rule) for rule in rules]} | _version()
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _version() -> Json:
    try:
        return {"version": metadata.version(_TOOL)}
    except metadata.PackageNotFoundError:  # run from its source, not installed
        return {}


def _rule(rule: FindingRule) -> Json:
    return {"id": rule.id, "shortDescription": {"text": rule.text}}


def _result(finding: ManifestError, level: str, rules: list[FindingRule], texts: Mapping[str, str]) -> Json:
    rule = rule_of(finding)
    return {
        "ruleId": rule.id,
        "ruleIndex": rules.index(rule),
        "level": level,
        "message": {"text": printable(finding.message, MESSAGE_LIMIT)},
        "locations": [_location(finding, texts)],
    }


def _location(finding: ManifestError, texts: Mapping[str, str]) -> Json:
    location: Json = {}
    if finding.file:
        physical: Json = {"artifactLocation": {"uri": _uri(finding.file)}}
        if finding.line is not None:
            physical["region"] = _region(finding, texts)
        location["physicalLocation"] = physical
    logical = _logical(finding)
    return location | ({"logicalLocations": [logical]} if logical else {})


def _uri(file: str) -> str:
    """A reference that holds for whoever reads it in the folder where the tool ran."""
    return Path(file).as_uri() if Path(file).is_absolute() else quote(os.fsencode(file))


def _region(finding: ManifestError, texts: Mapping[str, str]) -> Json:
    region: Json = {"startLine": finding.line}
    if finding.column is not None:
        region["startColumn"] = finding.column
    span = span_of(finding, texts)
    if span is not None:
        region |= {"endLine": span.line, "endColumn": span.column + span.length}
    return region


def _logical(finding: ManifestError) -> Json:
    """Which object, and where in it."""
    if not finding.subject:
        return {}
    path = printable(finding.path or "")
    kind = "member" if path else "object"
    return {"name": path or finding.subject, "fullyQualifiedName": finding.subject, "kind": kind}
