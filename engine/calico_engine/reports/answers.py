"""Answers as JSON. The shapes are published in `schemas/answer.schema.json`."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from calico_engine.analysis.answers import Answered, HopTrace, Reason
from calico_engine.packets import Packet

Json = Mapping[str, object]


def answer_json(answer: Answered) -> Json:
    """One answer; `trace` is there only if the answer has one, `witnesses` and `dependsOn` only if it is UNCERTAIN."""
    result: dict[str, object] = {
        "decision": answer.decision.value,
        "allowed": answer.allowed,
        "decidedBy": None if answer.witnesses else reason_json(answer.reason),
        "assumptions": list(answer.assumptions),
    }
    if answer.witnesses:
        result["dependsOn"] = list(answer.depends_on)
        result["witnesses"] = [
            {"packet": w.packet.to_query(), "decision": w.decision.value, "allowed": w.allowed, "reply": w.reply}
            for w in answer.witnesses
        ]
    if answer.trace:
        result["trace"] = [_hop_json(hop) for hop in answer.trace]
    return result


def reason_json(reason: Reason) -> Json:
    """What decided; a key that does not apply is null."""
    policy = reason.policy
    return {
        "reason": reason.reason.value,
        "node": reason.node,
        "hook": reason.hook,
        "chainType": reason.chain_type,
        "endpoint": reason.endpoint,
        "direction": reason.direction,
        "tier": reason.tier,
        "policy": policy and {"kind": policy.kind, "namespace": policy.namespace, "name": policy.name},
        "rule": reason.rule,
        "file": reason.file,
        "line": reason.line,
        "failsafe": reason.failsafe,
    }


def _hop_json(hop: HopTrace) -> Json:
    return {
        "node": hop.node,
        "packet": hop.packet.to_query(),
        "decision": hop.decision.value,
        "passes": hop.passes,
        "reply": hop.reply,
        "witness": hop.witness,
        "tables": [_plain(table) for table in hop.tables],
    }


def _plain(value: object) -> object:
    """A trace's dataclasses as JSON, with camelCase keys. Their depth is fixed, so recursion is bounded."""
    if isinstance(value, Packet):
        return value.to_query()
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(f.name): _plain(_or_null(f.name, getattr(value, f.name))) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, enum.Enum) else value


def _or_null(name: str, value: object) -> object:
    """A cluster-wide object has no namespace; in traces that is an empty text."""
    return None if name.endswith("namespace") and value == "" else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
