"""Tiers (api …/v3/tier.go) and the three that always exist (libcalico-go/lib/clientv3/client.go: EnsureInitialized)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, ClassVar

from calico_engine.resources.base import KEPT, ConditionsStatus, Float, ObjectMeta, api_struct

DEFAULT_TIER = "default"
#: What the client writes for a tier without order (libcalico-go/lib/resources/tier.go: DefaultTierFields).
DEFAULT_TIER_ORDER = 1_000_000.0
#: name → (order, defaultAction)
BUILT_IN_TIERS: Mapping[str, tuple[float, str]] = {
    "kube-admin": (1_000.0, "Pass"),
    DEFAULT_TIER: (DEFAULT_TIER_ORDER, "Deny"),
    "kube-baseline": (10_000_000.0, "Pass"),
}


@api_struct
class TierSpec:
    order: Float | None = None
    default_action: str | None = None


@api_struct
class Tier:
    KIND: ClassVar[str] = "Tier"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: TierSpec = field(default_factory=TierSpec)
    status: Annotated[ConditionsStatus, KEPT] = field(default_factory=ConditionsStatus)
