"""Tiers and profiles.

Source: libcalico-go/lib/validator/v3/validator.go: validateTier (spec resources 4.8, 5.1, 5.2).
"""

from __future__ import annotations

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.metadata import check_labels
from calico_engine.manifests.validator.rules import check_rules
from calico_engine.manifests.validator.shapes import choice_problem, report
from calico_engine.resources.profiles import ProfileSpec
from calico_engine.resources.tiers import BUILT_IN_TIERS, Tier

DEFAULT_ACTIONS = ("Deny", "Pass")
_SPEC: Path = ("spec",)


def check_tier(tier: Tier, problems: list[Problem]) -> None:
    """The built-in tiers have fixed orders, and a missing one is not filled in before this check."""
    spec, built_in = tier.spec, BUILT_IN_TIERS.get(tier.metadata.name)
    if built_in is not None and spec.order != built_in[0]:
        given = "must be given" if spec.order is None else "is fixed"
        message = f"the order of the built-in tier {tier.metadata.name} {given}: {built_in[0]:.0f}"
        problems.append(Problem((*_SPEC, "order"), message))
    if spec.default_action is not None:
        report(problems, (*_SPEC, "defaultAction"), choice_problem(spec.default_action, DEFAULT_ACTIONS))


def check_profile(spec: ProfileSpec, problems: list[Problem]) -> None:
    """Only what is wrong within each rule; where services and http stand does not matter here."""
    check_rules(spec.ingress, (*_SPEC, "ingress"), problems)
    check_rules(spec.egress, (*_SPEC, "egress"), problems)
    check_labels(spec.labels_to_apply, (*_SPEC, "labelsToApply"), problems)
