"""What a case expects, and how an answer differs from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import PlainValidator

from calico_engine.analysis.answers import PolicyRef, Reason
from calico_engine.dataplane.outcomes import Decision, ReasonCode
from calico_engine.errors import printable, quoted
from calico_engine.manifests.decoding import decode
from calico_engine.manifests.hints import did_you_mean
from calico_engine.manifests.yaml_problems import render_path
from calico_engine.resources.base import Int, api_struct, json_name
from calico_engine.verdicts import Verdict


def _parse_reason(value: object) -> ReasonCode:
    """A reason as answers name it, in any case, its words joined by `_`, `-` or a space."""
    found = _reason(str(value))
    if found is None:
        known = [code.value for code in ReasonCode]
        raise ValueError(f"{quoted(str(value))} is no reason{did_you_mean(str(value), known)}")
    return found


def _reason(text: str) -> ReasonCode | None:
    try:
        return ReasonCode(text.upper().replace("-", "_").replace(" ", "_"))
    except ValueError:
        return None


@api_struct
class By:
    """What is to decide, as the answer's `decidedBy` names it. What is not given may be anything.

    `policy`: a policy's or profile's name, or NAMESPACE/NAME. `failsafe`: as in `tcp/22`.
    """

    reason: Annotated[ReasonCode, PlainValidator(_parse_reason)] | None = None
    node: str | None = None
    hook: str | None = None
    chain_type: str | None = None
    endpoint: str | None = None
    direction: str | None = None
    tier: str | None = None
    kind: str | None = None
    policy: str | None = None
    rule: Int | None = None
    failsafe: str | None = None


def parse_by(value: object) -> By:
    """A mapping, the name of a policy, or a reason such as `failsafe`. ValueError says what is wrong."""
    if isinstance(value, By):
        return value
    if isinstance(value, str) and value:
        reason = _reason(value)
        return By(policy=value) if reason is None else By(reason=reason)
    if not isinstance(value, Mapping) or not value:
        raise ValueError("must be a policy's name, a reason, or a mapping such as {policy: NAME, rule: 0}")
    by, problems = decode(By, value)
    if by is None:
        raise ValueError("; ".join(f"{render_path(problem.path)}: {problem.message}" for problem in problems))
    return by


def mismatch(verdict: Verdict, wanted: str, by: By | None) -> str | None:
    """How the answer differs from what is wanted (`suites.Expected`), in words; None if it does not."""
    if not _is_wanted(verdict, wanted):
        return f"expected {wanted}, got {_got(verdict)}"
    if by is None:
        return None
    differing = list(_differences(verdict.decided_by, by))
    return f"decided by {_reason_text(verdict)}: expected {', '.join(differing)}" if differing else None


def _is_wanted(verdict: Verdict, wanted: str) -> bool:
    if wanted == "uncertain":
        return verdict.decision is Decision.UNCERTAIN
    if verdict.decision is Decision.UNCERTAIN:
        return False
    if wanted == "no-policy":
        return verdict.decision is Decision.NO_POLICY
    return verdict.allowed is (wanted == "allow")


def _got(verdict: Verdict) -> str:
    if verdict.decision is Decision.UNCERTAIN:
        return f"UNCERTAIN: it depends on {' and '.join(verdict.depends_on)}"
    return f"{verdict.decision} by {_reason_text(verdict)}"


def _reason_text(verdict: Verdict) -> str:
    reason = verdict.decided_by
    place = "" if reason.file is None else f" ({printable(reason.file)}:{reason.line})"
    return f"{printable(str(reason))}{place}"


def _differences(reason: Reason, by: By) -> Iterator[str]:
    for field in dataclasses.fields(By):
        wanted = getattr(by, field.name)
        if wanted is None:
            continue
        if wanted not in _values(reason, field.name):
            yield f"{json_name(field.name, None)} {printable(str(wanted))}"


def _values(reason: Reason, name: str) -> tuple[object, ...]:
    """What counts as the answer's value of a field."""
    policy: PolicyRef | None = reason.policy
    if name == "kind":
        return () if policy is None else (policy.kind,)
    if name == "policy":
        return () if policy is None else (policy.name, "/".join(filter(None, (policy.namespace, policy.name))))
    return (getattr(reason, name),)
