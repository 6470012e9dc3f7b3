"""Policies of every kind but the staged Kubernetes one: what must fit together across their rules.

Source: libcalico-go/lib/validator/v3/validator.go: validateGlobalNetworkPolicySpec, validateNetworkPolicySpec,
validateStagedGlobalNetworkPolicy, validateStagedNetworkPolicy (spec resources 3.6, 4.2-4.5).
"""

from __future__ import annotations

from collections.abc import Sequence

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.encoding import given_fields
from calico_engine.manifests.validator.entities import GLOBAL, GLOBAL_MISPLACED
from calico_engine.manifests.validator.rules import check_rules
from calico_engine.manifests.validator.shapes import (
    choice_problem,
    name_problem,
    quoted,
    repeated,
    report,
    selector_problem,
)
from calico_engine.resources.policies import (
    GlobalNetworkPolicySpec,
    NetworkPolicySpec,
    StagedGlobalNetworkPolicySpec,
    StagedNetworkPolicySpec,
)
from calico_engine.resources.rules import EntityRule

TYPES = ("Ingress", "Egress")
STAGED_ACTIONS = ("Set", "Delete", "Learn", "Ignore")
HINTS = ("AssumeNeededOnEveryNode",)

_SPEC: Path = ("spec",)


def check_policy(spec: NetworkPolicySpec | GlobalNetworkPolicySpec, problems: list[Problem]) -> None:
    """The spec of a policy that is enforced."""
    _check_fields(spec, problems)
    _check_together(spec, problems)


def check_staged_policy(spec: StagedNetworkPolicySpec | StagedGlobalNetworkPolicySpec, problems: list[Problem]) -> None:
    _check_fields(spec, problems)
    if spec.staged_action:
        report(problems, (*_SPEC, "stagedAction"), choice_problem(spec.staged_action, STAGED_ACTIONS))
    if spec.staged_action != "Delete":
        _check_together(spec, problems)
        return
    for field in given_fields(spec):
        if field not in ("stagedAction", "tier"):
            message = (
                "stagedAction Delete announces a deletion: nothing but tier may stand beside it, not even an empty list"
            )
            problems.append(Problem((*_SPEC, field), message, at_key=True))


def _check_fields(spec: NetworkPolicySpec | GlobalNetworkPolicySpec, problems: list[Problem]) -> None:
    if spec.tier:
        report(problems, (*_SPEC, "tier"), name_problem(spec.tier))
    check_rules(spec.ingress, (*_SPEC, "ingress"), problems)
    check_rules(spec.egress, (*_SPEC, "egress"), problems)
    _check_selector(spec.selector, "selector", problems)
    _check_selector(spec.service_account_selector, "serviceAccountSelector", problems)
    if isinstance(spec, GlobalNetworkPolicySpec):
        _check_selector(spec.namespace_selector, "namespaceSelector", problems)
    _check_words(spec.types, TYPES, "types", problems)
    _check_words(spec.performance_hints, HINTS, "performanceHints", problems)


def _check_selector(text: str, field: str, problems: list[Problem]) -> None:
    if text:
        message = selector_problem(text)
        report(problems, (*_SPEC, field), GLOBAL_MISPLACED if message is None and GLOBAL in text else message)


def _check_words(words: Sequence[str] | None, known: Sequence[str], field: str, problems: list[Problem]) -> None:
    """A list of fixed words, none of them twice."""
    if not words:
        return
    for index, word in enumerate(words):
        report(problems, (*_SPEC, field, index), choice_problem(word, known))
    again = (index for index in repeated(words) if words[index] in known)
    problems += (Problem((*_SPEC, field, index), f"{quoted(words[index])} is in the list already") for index in again)


def _check_together(spec: NetworkPolicySpec | GlobalNetworkPolicySpec, problems: list[Problem]) -> None:
    if isinstance(spec, GlobalNetworkPolicySpec):
        _check_flags(spec, problems)
    is_global = isinstance(spec, GlobalNetworkPolicySpec)
    for index, rule in enumerate(spec.ingress or ()):
        _check_services((rule.source, "source"), (rule.destination, "destination"), is_global, index, problems)
    for index, rule in enumerate(spec.egress or ()):
        _check_services((rule.destination, "destination"), (rule.source, "source"), is_global, index, problems)
        if rule.http is not None:
            where = (*_SPEC, "egress", index, "http")
            problems.append(Problem(where, "http may stand in ingress rules only", at_key=True))


def _check_services(
    far: tuple[EntityRule, str], near: tuple[EntityRule, str], is_global: bool, index: int, problems: list[Problem]
) -> None:
    """A service is the far side of a rule: the source of what comes in, the destination of what goes out."""
    (entity, side), (own, own_side) = far, near
    direction = "ingress" if side == "source" else "egress"
    if own.services is not None:
        message = f"services may stand in the {side} of {direction} rules only"
        problems.append(Problem((*_SPEC, direction, index, own_side, "services"), message, at_key=True))
    if is_global and entity.services is not None and not entity.services.namespace:
        message = "the service's namespace must be given: a global policy has none of its own"
        problems.append(Problem((*_SPEC, direction, index, side, "services", "namespace"), message))


def _check_flags(spec: GlobalNetworkPolicySpec, problems: list[Problem]) -> None:
    if spec.do_not_track and spec.pre_dnat:
        problems.append(Problem((*_SPEC, "preDNAT"), "preDNAT and doNotTrack cannot both be true"))
    if spec.pre_dnat and spec.egress:
        message = "a policy before DNAT is for what comes in: it can have no egress rules"
        problems.append(Problem((*_SPEC, "egress"), message, at_key=True))
    if spec.pre_dnat and "Egress" in (spec.types or ()):
        message = "a policy before DNAT is for what comes in: Egress cannot be among its types"
        problems.append(Problem((*_SPEC, "types"), message))
    if not spec.apply_on_forward and (spec.do_not_track or spec.pre_dnat):
        which = "doNotTrack" if spec.do_not_track else "preDNAT"
        message = f"a policy with {which} also acts on forwarded traffic: write applyOnForward: true"
        problems.append(Problem((*_SPEC, "applyOnForward"), message))
