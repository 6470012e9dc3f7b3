"""On whose behalf a rule stands in a chain: what Felix writes into the rule's comment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The kind of reason, and as far as they apply the tier, the policy (kind, namespace, name) and the rule's index."""

    reason: str
    tier: str | None = None
    policy: tuple[str, str, str] | None = None
    rule: int | None = None
