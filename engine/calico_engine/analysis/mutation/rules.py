"""Mistakes in the rules of a policy: one missing, two in the wrong order, a wrong action, a criterion missing or wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from calico_engine.analysis.mutation.nets import net_list_mutations
from calico_engine.analysis.mutation.operators import (
    Mutation,
    Object,
    Operator,
    entries,
    value_at,
    with_value,
    without,
)
from calico_engine.analysis.mutation.ports import port_list_mutations
from calico_engine.analysis.mutation.terms import selector_mutations
from calico_engine.manifests.yaml_problems import Path, render_path

#: What an action could be mistaken for.
Actions = Mapping[str, tuple[str, ...]]
#: All mistakes in what the rule at a path matches.
Criteria = Callable[[Object, Path], Iterator[Mutation]]

#: A Log rule decides nothing, so nothing is changed about it.
_ACTIONS: Actions = {"Allow": ("Deny",), "Deny": ("Allow",), "Pass": ("Allow", "Deny")}
_CRITERIA = ("protocol", "notProtocol", "icmp", "notICMP")
_SIDES = ("source", "destination")
_NETS, _PORTS = ("nets", "notNets"), ("ports", "notPorts")
_SELECTORS = (("selector",), ("notSelector",), ("namespaceSelector",), ("serviceAccounts", "selector"))
_SIDE_CRITERIA = (*_NETS, *_PORTS, *(path[0] for path in _SELECTORS), "services")


def rule_mutations(value: Object) -> Iterator[Mutation]:
    """Every mistake in the rules of a policy or profile, direction by direction, rule by rule."""
    return ordered_rule_mutations(value, _ACTIONS, _criteria)


def ordered_rule_mutations(value: Object, actions: Actions, criteria: Criteria) -> Iterator[Mutation]:
    """The same of rules in order, each with an action, whatever they are called and match."""
    for direction in ("ingress", "egress"):
        path = ("spec", direction)
        deciding = [i for i, rule in enumerate(entries(value, path)) if rule.get("action") in actions]
        for index in deciding:
            yield Mutation(Operator.DROP_RULE, (*path, index), "rule dropped", "", without(value, (*path, index)))
            yield from _actions(value, (*path, index), actions)
            yield from criteria(value, (*path, index))
        yield from _swaps(value, path, deciding)


def _swaps(value: Object, path: Path, deciding: list[int]) -> Iterator[Mutation]:
    """Neighbours with the same action can stand either way."""
    rules = entries(value, path)
    for one, other in pairwise(deciding):
        if rules[one]["action"] != rules[other]["action"]:
            swapped = list(rules)
            swapped[one], swapped[other] = rules[other], rules[one]
            shown = f"changes places with rule {other}"
            yield Mutation(Operator.SWAP_RULES, (*path, one), shown, str(other), with_value(value, path, swapped))


def _actions(value: Object, path: Path, actions: Actions) -> Iterator[Mutation]:
    here = (*path, "action")
    action = value_at(value, here)
    for other in actions[action]:
        yield Mutation(Operator.FLIP_ACTION, here, f"{action} → {other}", other, with_value(value, here, other))


def _criteria(value: Object, path: Path) -> Iterator[Mutation]:
    yield from _dropped(value, path, _CRITERIA)
    for side in _SIDES:
        here = (*path, side)
        yield from _dropped(value, here, _SIDE_CRITERIA)
        for key in _NETS:
            yield from net_list_mutations(value, (*here, key))
        for key in _PORTS:
            yield from port_list_mutations(value, (*here, key))
        for inner in _SELECTORS:
            yield from selector_mutations(value, here + inner)


def _dropped(value: Object, path: Path, keys: tuple[str, ...]) -> Iterator[Mutation]:
    for key in keys:
        here = (*path, key)
        # Without its protocol the kernel would refuse the ICMP match.
        if value_at(value, here) and not (key == "protocol" and value_at(value, (*path, "notICMP"))):
            shown = f"{render_path(here[3:])} dropped"
            yield Mutation(Operator.DROP_CRITERION, here, shown, "", without(value, here))
