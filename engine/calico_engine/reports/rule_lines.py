"""One rule of a trace as lines of text: whether it matched, and by what."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.dataplane.traces import CriterionTrace, RuleTrace
from calico_engine.errors import printable
from calico_engine.reports.lines import Line

#: A line longer than this is broken, a criterion a line.
_WIDTH = 100
_WANTED = 80
_SELECTORS = frozenset({"selector", "notSelector", "namespaceSelector", "serviceAccounts", "services"})


def rule_lines(rule: RuleTrace, indent: str) -> Iterator[Line]:
    """The rule, and under it what Felix ignores of it."""
    place = f" (line {rule.line})" if rule.line else ""
    head = f"rule {rule.index} {rule.action}{place}:"
    if not rule.exists:
        yield Line(f"{indent}- {head} does not exist for this IP version", "dim")
    elif rule.by_pass_bit:
        yield Line(f"{indent}! {head} ends the profile because the pass mark is still set", "unsure")
    elif rule.matched:
        yield from _matched(rule, f"{indent}✓ {head}", "plain" if rule.action in ("Log", "Pass") else "good")
    else:
        failed = next(criterion for criterion in rule.criteria if not criterion.matched)
        yield Line(f"{indent}✗ {head} {criterion_text(failed)}", "dim")
    for criterion in rule.criteria:
        if criterion.ignored:
            yield Line(f"{indent}  ! {criterion.field} is not tested: {_why_ignored(criterion)}", "unsure")


def _why_ignored(criterion: CriterionTrace) -> str:
    if criterion.field == "http":
        return "only application layer policy does that, which is not modelled"
    return "Felix ignores the third and later block of a rule"


def _matched(rule: RuleTrace, head: str, tone: str) -> Iterator[Line]:
    reasons = [criterion_text(criterion) for criterion in rule.criteria if not criterion.ignored]
    text = "; ".join(reasons) or "matches everything"
    if len(head) + len(text) < _WIDTH or len(reasons) == 1:
        yield Line(f"{head} {text}", tone)
        return
    yield Line(head, tone)
    indent = " " * (len(head) - len(head.lstrip()) + 2)
    for reason in reasons:
        yield Line(f"{indent}{reason}", tone)


def criterion_text(criterion: CriterionTrace) -> str:
    """`source 10.0.3.9 is not in `has(role)` = {172.16.101.147, …}`."""
    side, _, field = criterion.field.partition(".")
    wanted = printable(criterion.wanted, _WANTED)
    inside = criterion.matched is not (field or side).lower().startswith("not")
    if not field:
        name = "protocol" if side.lower().endswith("protocol") else "ICMP"
        return f"{name} {_compared(criterion.actual, wanted, inside)}"
    is_in = "is in" if inside else "is not in"
    if field in _SELECTORS:
        return f"{side} {criterion.actual} {is_in} `{wanted}`{_members(criterion)}"
    if field.lower().endswith("ports"):
        if criterion.member_count is None and wanted.isdigit():
            return f"{side} port {_compared(criterion.actual, wanted, inside)}"
        return f"{side} port {criterion.actual} {is_in} {wanted}{_members(criterion)}"
    return f"{side} {criterion.actual} {is_in} {wanted}{_members(criterion)}"


def _compared(actual: str, wanted: str, same: bool) -> str:
    return f"is {actual}" if same and actual == wanted else f"{actual} is {'' if same else 'not '}{wanted}"


def _members(criterion: CriterionTrace) -> str:
    if criterion.member_count is None:
        return ""
    if not criterion.member_count:
        return ", which selects no address" if not criterion.field.lower().endswith("ports") else ", which nobody has"
    more = ", …" if criterion.member_count > len(criterion.members) else ""
    return f" = {{{', '.join(criterion.members)}{more}}}"
