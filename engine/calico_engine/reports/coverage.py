"""Coverage of policies as text and as JSON. The shape is published in `schemas/coverage.schema.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import floor

from calico_engine.analysis.coverage import (
    ClauseCoverage,
    Coverage,
    DirectionCoverage,
    PolicyCoverage,
    RuleCoverage,
    Share,
    share_of,
)
from calico_engine.compiler.felix_model import ResourceId
from calico_engine.errors import printable
from calico_engine.manifests.yaml_problems import render_path
from calico_engine.reports.lines import Line
from calico_engine.reports.tables import aligned

_HEADINGS = ["POLICY", "TIER", "ENDPOINTS", "RULES", "CLAUSES", "COVERED"]
_SHOWN = 80
_PATH = 500


def coverage_lines(coverage: Coverage) -> Iterator[Line]:
    """A table of the policies, then what was not exercised, line by line of the manifests, then the total."""
    rows = [_row(policy) for policy in coverage.policies]
    tones = ["plain", *(_tone(policy) for policy in coverage.policies), "plain"]
    for text, tone in zip(aligned([_HEADINGS, *rows]), tones, strict=True):
        yield Line(text.rstrip(), tone)
    gaps = [gap for policy in coverage.enforced for gap in _gaps(policy)]
    if gaps:
        yield Line(
            "not exercised (a clause lets through what its rule matches, and keeps out what but for it would match):"
        )
        yield from gaps
        yield Line("")
    for tier in coverage.tiers:
        name = printable(tier.name, _SHOWN)
        yield Line(f"tier {name}: its end denied {_times(tier.denied)}, passed on {_times(tier.passed)}", "dim")
    decided = ", ".join(f"{reason} {number}" for reason, number in coverage.reasons.items())
    yield Line(f"decided by: {decided or 'nothing, for nothing was asked'}", "dim")
    yield total_line(coverage)


def total_line(coverage: Coverage) -> Line:
    """The sentence that ends the report."""
    policies, share = coverage.enforced, coverage.share
    unselected = sum(1 for policy in policies if not policy.endpoints)
    text = (
        f"coverage {percent_text(share)}: {share.exercised} of {share.items} items in"
        f" {len(policies)} {'policy' if len(policies) == 1 else 'policies'}"
    )
    if unselected:
        text += f", {unselected} of which {'applies' if unselected == 1 else 'apply'} to no endpoint"
    if coverage.unmodelled:
        text += f"; {_not_modelled(coverage.unmodelled)}"
    return Line(text, "good" if share.exercised == share.items and not coverage.unmodelled else "unsure")


def percent_text(share: Share) -> str:
    """With one decimal, rounded down: 100% is all."""
    return f"{floor(share.percent * 10) / 10:g}%"


def _row(policy: PolicyCoverage) -> list[str]:
    rules = share_of(bool(rule.matched) for rule in policy.rules)
    clauses = share_of(way for rule in policy.rules for way in rule.ways)
    return [
        _name(policy.id),
        policy.tier or "-",
        str(len(policy.endpoints)),
        _fraction(rules),
        _fraction(clauses) + (f" and {policy.unmodelled} not modelled" if policy.unmodelled else ""),
        "staged" if policy.staged else percent_text(policy.share),
    ]


def _tone(policy: PolicyCoverage) -> str:
    if policy.staged:
        return "dim"
    share = policy.share
    if share.exercised == share.items and not policy.unmodelled:
        return "good"
    return "unsure" if share.exercised else "bad"


def _gaps(policy: PolicyCoverage) -> Iterator[Line]:
    told = "; ".join(_policy_gaps(policy))
    if told or policy.unmodelled or policy.share.exercised < policy.share.items:
        place = "" if policy.file is None else f"{printable(policy.file, _PATH)}:{policy.line}: "
        yield Line(f"  {place}{_name(policy.id)}{told and f': {told}'}", "unsure")
    if not policy.endpoints:
        return  # all the rest follows from it
    for direction in policy.directions:
        for rule in direction.rules if direction.acts else ():
            yield from _rule_gaps(policy, direction, rule)


def _policy_gaps(policy: PolicyCoverage) -> Iterator[str]:
    if not policy.endpoints:
        yield "applies to no endpoint"
        return
    for each in policy.directions:
        if not each.acts:
            yield f"its types leave {each.direction.value} out, so its rules for that do nothing"
        elif not each.tried:
            yield f"no packet came to it ({each.direction.value})"


def _rule_gaps(policy: PolicyCoverage, direction: DirectionCoverage, rule: RuleCoverage) -> Iterator[Line]:
    gaps = [(clause, gap) for clause in rule.clauses if (gap := _clause_gap(rule, clause))]
    if rule.matched and not gaps and not rule.unmodelled:
        return
    how = "" if rule.matched else ": never tried" if not rule.tried else f": never matched, tried {_times(rule.tried)}"
    line = policy.rule_line(rule)
    yield _at(line, f"{direction.direction.value} rule {rule.index} {rule.action}{how}")
    for clause, gap in gaps if rule.tried else ():
        text = f"{render_path(clause.clause.path)} {printable(clause.clause.text, _SHOWN)}"
        yield _at(policy.clause_line(rule, clause.clause), f"  {text}: {gap}")
    for unmodelled in rule.unmodelled:
        text = f"{render_path(unmodelled.path)} {printable(unmodelled.text, _SHOWN)}"
        why = "not modelled, for the iptables dataplane does not test it"
        yield _at(policy.clause_line(rule, unmodelled), f"  {text}: {why}")


def _at(line: int | None, text: str) -> Line:
    return Line(f"{line or '':>8}  {text}", "unsure")


def _clause_gap(rule: RuleCoverage, clause: ClauseCoverage) -> str:
    # That a clause of a rule which never matched let nothing through goes without saying.
    missing = ["let nothing through"] if rule.matched and not clause.matched else []
    missing += [] if clause.decisive else ["kept nothing out"]
    return ", ".join(missing)


def _name(owner: ResourceId) -> str:
    return f"{owner.kind} {'/'.join(printable(part, _SHOWN) for part in (owner.namespace, owner.name) if part)}"


def _not_modelled(clauses: int) -> str:
    return f"{clauses} {'clause is' if clauses == 1 else 'clauses are'} not modelled"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _fraction(share: Share) -> str:
    return f"{share.exercised}/{share.items}"


def coverage_json(coverage: Coverage) -> Mapping[str, object]:
    """All of it, with the lines of the manifests."""
    return {
        **_share_json(coverage.share),
        "notModelled": coverage.unmodelled,
        "policies": [_policy_json(policy) for policy in coverage.policies],
        "tiers": [
            {"name": tier.name, "defaultAction": tier.default_action, "denied": tier.denied, "passed": tier.passed}
            for tier in coverage.tiers
        ],
        "reasons": dict(coverage.reasons),
    }


def _share_json(share: Share) -> Mapping[str, object]:
    return {"percent": share.percent, "exercised": share.exercised, "items": share.items}


def _policy_json(policy: PolicyCoverage) -> Mapping[str, object]:
    return {
        **_id_json(policy.id),
        "tier": policy.tier or None,
        "staged": policy.staged,
        "file": policy.file,
        "line": policy.line,
        "endpoints": [_id_json(endpoint) for endpoint in sorted(policy.endpoints)],
        **_share_json(policy.share),
        "directions": [
            {
                "direction": each.direction.value,
                "acts": each.acts,
                "tried": each.tried,
                "deniedAtEnd": each.denied_at_end,
                "rules": [_rule_json(policy, each, rule) for rule in each.rules],
            }
            for each in policy.directions
        ],
    }


def _id_json(owner: ResourceId) -> Mapping[str, object]:
    return {"kind": owner.kind, "namespace": owner.namespace or None, "name": owner.name}


def _rule_json(policy: PolicyCoverage, direction: DirectionCoverage, rule: RuleCoverage) -> Mapping[str, object]:
    return {
        "index": rule.index,
        "action": rule.action,
        "line": policy.rule_line(rule),
        "tried": rule.tried,
        "matched": rule.matched,
        "decided": rule.decided,
        "clauses": [
            {
                "path": render_path(each.clause.path),
                "text": each.clause.text,
                "line": policy.clause_line(rule, each.clause),
                "matched": each.matched,
                "decisive": each.decisive,
            }
            for each in rule.clauses
        ],
        "notModelled": [
            {"path": render_path(each.path), "text": each.text, "line": policy.clause_line(rule, each)}
            for each in rule.unmodelled
        ],
    }
