"""Coverage as data: what was exercised of every policy, rule and clause, and what share of all that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import NamedTuple

from calico_engine.analysis.coverage.clauses import Clause, unmodelled_clauses
from calico_engine.compiler.felix_model import ResourceId
from calico_engine.frozen import frozen
from calico_engine.manifests.origin import Origin
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import Direction
from calico_engine.resources.rules import Rule


class Share(NamedTuple):
    """So many of so many items were exercised."""

    exercised: int
    items: int

    @property
    def percent(self) -> float:
        """0 to 100; where there is nothing to exercise, 100."""
        return 100 * self.exercised / self.items if self.items else 100.0


def share_of(items: Iterable[bool]) -> Share:
    """The share of items that are true."""
    found = list(items)
    return Share(sum(found), len(found))


@frozen
class ClauseCoverage:
    """How often a clause let a packet through its rule, and how often it alone kept one from matching.

    An entry of a list counts where it contains the packet's value; where no entry does, all entries count.
    """

    clause: Clause
    matched: int = 0
    decisive: int = 0


@frozen
class RuleCoverage:
    """How often a rule was tried, matched, and decided what becomes of the packet at its node.

    `path` leads to where it is written in the document of its policy.
    """

    index: int
    path: Path
    action: str
    written: Rule
    clauses: tuple[ClauseCoverage, ...]
    tried: int = 0
    matched: int = 0
    decided: int = 0

    @property
    def unmodelled(self) -> tuple[Clause, ...]:
        """What else the rule says. It counts neither as covered nor as something that could be."""
        return unmodelled_clauses(self.written)

    @property
    def ways(self) -> Iterator[bool]:
        """Whether each clause was exercised, one way and the other."""
        for clause in self.clauses:
            yield bool(clause.matched)
            yield bool(clause.decisive)


@frozen
class DirectionCoverage:
    """A policy's rules of one direction. `acts`: its types name the direction.

    `tried`: how often a packet came to the policy; `denied_at_end`: how often one met it, and its tier's end denied.
    """

    direction: Direction
    acts: bool
    rules: tuple[RuleCoverage, ...]
    tried: int = 0
    denied_at_end: int = 0


@frozen
class PolicyCoverage:
    """A policy, or a profile that stands in the manifests (`tier` is then empty).

    `endpoints` are those that it applies to. `staged` policies are listed and count for nothing. `converted`: the rules
    are Calico's, made of a Kubernetes object.
    """

    id: ResourceId
    tier: str
    staged: bool
    converted: bool
    endpoints: frozenset[ResourceId]
    directions: tuple[DirectionCoverage, ...]
    origin: Origin | None = None

    @property
    def rules(self) -> Iterator[RuleCoverage]:
        """The rules of both directions."""
        return (rule for each in self.directions for rule in each.rules)

    @property
    def unmodelled(self) -> int:
        """How many clauses are not modelled."""
        return sum(len(rule.unmodelled) for rule in self.rules)

    @property
    def items(self) -> Iterator[bool]:
        """Whether each direction was tried, each rule matched, and each clause was exercised both ways."""
        yield from (bool(each.tried) for each in self.directions)
        for rule in self.rules:
            yield bool(rule.matched)
            yield from rule.ways

    @property
    def share(self) -> Share:
        """How much of the policy was exercised."""
        return share_of(self.items)

    @property
    def file(self) -> str | None:
        return None if self.origin is None else self.origin.file

    @property
    def line(self) -> int | None:
        """Where its name is written. Lines are looked up when they are asked for."""
        return self._line(("metadata", "name"))

    def rule_line(self, rule: RuleCoverage) -> int | None:
        return self._line(rule.path)

    def clause_line(self, rule: RuleCoverage, clause: Clause) -> int | None:
        # The words of a Kubernetes object are not those of the rules that are made of it.
        return self.rule_line(rule) if self.converted else self._line((*rule.path, *clause.path), key=True)

    def _line(self, path: Path, *, key: bool = False) -> int | None:
        return None if self.origin is None else self.origin.place(path, key=key)[0]


@frozen
class TierCoverage:
    """How often packets came to the end of a tier, and what it did with them."""

    name: str
    default_action: str
    denied: int = 0
    passed: int = 0


@frozen
class Coverage:
    """What a number of packets exercised. Policies are sorted by file and place (`place_key`), tiers by name.

    `reasons` says how often what decided, at each node that a packet crossed.
    """

    policies: tuple[PolicyCoverage, ...] = ()
    tiers: tuple[TierCoverage, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def enforced(self) -> tuple[PolicyCoverage, ...]:
        """All but the staged policies."""
        return tuple(policy for policy in self.policies if not policy.staged)

    @property
    def unmodelled(self) -> int:
        """How many clauses are not modelled."""
        return sum(policy.unmodelled for policy in self.enforced)

    @property
    def share(self) -> Share:
        """The share of all items that were exercised.

        Items are: of every policy each direction (exercised where a packet came to it), of every rule that it matched,
        and of every clause both ways. What cannot be exercised at all counts too: that is worth knowing.
        """
        return share_of(item for policy in self.enforced for item in policy.items)

    @property
    def percent(self) -> float:
        """The share in percent, from 0 to 100."""
        return self.share.percent


def place_key(policy: PolicyCoverage) -> tuple[object, ...]:
    """Sorts policies as they are written; those that are written nowhere come first."""
    origin = policy.origin
    place = ("", 0, ()) if origin is None else (origin.file, origin.document.first_line, origin.prefix)
    return *place, policy.id
