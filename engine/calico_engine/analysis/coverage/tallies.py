"""Counts what packets do to policies in a row: each packet costs a few look-ups, each kind of packet one evaluation.

All findings about a packet are the bits of one integer, put together from bits that are known of its values. Packets of
the same integer are one kind: only their number is kept until somebody asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from calico_engine.analysis.coverage.clauses import clauses_of
from calico_engine.analysis.coverage.requirements import Finding, Requirement, requirements
from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.felix_model import Action, FelixRule, ResourceId, RuleId
from calico_engine.compiler.rules import CompiledRule, applies
from calico_engine.dataplane.walk import View
from calico_engine.frozen import frozen
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import Direction


@dataclass(slots=True)
class RuleTally:
    """What has been counted of one rule; of each clause, how often it matched and how often it was decisive."""

    tried: int = 0
    matched: int = 0
    decided: int = 0
    clauses: list[list[int]] = field(default_factory=list)


@dataclass(slots=True)
class PolicyTally:
    """What has been counted of one direction of a policy."""

    tried: int = 0
    denied_at_end: int = 0


class Tallies:
    """The tallies of all rules and policies, made when they are first asked for."""

    def __init__(self) -> None:
        self._rules: dict[RuleId, RuleTally] = {}
        self._policies: dict[tuple[ResourceId, Direction], PolicyTally] = {}

    def rule(self, rule: FelixRule | CompiledRule) -> RuleTally:
        found = self._rules.get(rule.id)
        if found is None:
            found = self._rules[rule.id] = RuleTally(clauses=[[0, 0] for _ in clauses_of(rule.written)])
        return found

    def policy(self, owner: ResourceId, direction: Direction) -> PolicyTally:
        return self._policies.setdefault((owner, direction), PolicyTally())


@frozen
class _Bits:
    """Where a requirement stands in the integer: the bit that says whether it holds, and (clause, bit) of its clauses."""

    holds: int
    clauses: tuple[tuple[int, int], ...]


@frozen
class _Step:
    """One rule of the row. `needs` are the bits of all its requirements."""

    tally: RuleTally
    action: Action
    exists: bool
    needs: int
    bits: tuple[_Bits, ...]

    def ends(self, missing: int, *, passed: bool) -> bool:
        """Whether a packet goes no further."""
        by_mark = passed and self.exists and self.action is Action.PASS
        return by_mark or (missing == 0 and self.action is not Action.LOG)


class _Table:
    """The bits of all requirements that read the same values of a packet."""

    def __init__(self, reads: Sequence[str]) -> None:
        self._read = attrgetter(*reads)
        self._known: dict[object, int] = {}
        self._tests: list[tuple[int, Callable[[View], Finding]]] = []

    def add(self, offset: int, find: Callable[[View], Finding]) -> None:
        self._tests.append((offset, find))

    def bits(self, view: View) -> int:
        values = self._read(view)
        found = self._known.get(values)
        if found is None:
            found = self._known[values] = sum(_integer(find(view)) << offset for offset, find in self._tests)
        return found


def _integer(finding: Finding) -> int:
    holds, accounts = finding
    return sum(bit << at for at, bit in enumerate((holds, *accounts)))


class PolicyRow:
    """Policies in the order in which packets of one IP version come to them."""

    def __init__(self, version: int, sets: AddressSets, tallies: Tallies) -> None:
        self._version = version
        self._sets = sets
        self._tallies = tallies
        self._tables: dict[tuple[str, ...], _Table] = {}
        self._width = 0
        self._policies: list[tuple[PolicyTally, tuple[_Step, ...]]] = []
        self._kinds: Counter[tuple[int, bool]] = Counter()

    def append(self, owner: ResourceId, direction: Direction, rules: Iterable[FelixRule]) -> None:
        """One more policy, behind the others; before the first packet."""
        self._policies.append((self._tallies.policy(owner, direction), tuple(map(self._step, rules))))

    def _step(self, rule: FelixRule) -> _Step:
        places = {clause.path: index for index, clause in enumerate(clauses_of(rule.written))}
        bits = tuple(self._placed(each, places) for each in requirements(rule, self._version, self._sets))
        exists = applies(rule, self._version)
        return _Step(self._tallies.rule(rule), rule.action, exists, sum(each.holds for each in bits), bits)

    def _placed(self, requirement: Requirement, places: Mapping[Path, int]) -> _Bits:
        offset = self._width
        self._width += 1 + len(requirement.clauses)
        if requirement.reads not in self._tables:
            self._tables[requirement.reads] = _Table(requirement.reads)
        self._tables[requirement.reads].add(offset, requirement.find)
        clauses = ((places[path], 1 << at) for at, path in enumerate(requirement.clauses, start=offset + 1))
        return _Bits(1 << offset, tuple(clauses))

    def add(self, view: View, *, passed: bool = False) -> None:
        """A packet came to the row. `passed`: the first Pass rule ends it whatever the packet (profiles)."""
        findings = 0
        for table in self._tables.values():
            findings |= table.bits(view)
        self._kinds[findings, passed] += 1

    def count(self) -> None:
        """Move what was added into the tallies."""
        for (findings, passed), times in self._kinds.items():
            self._count(findings, passed, times)
        self._kinds.clear()

    def _count(self, findings: int, passed: bool, times: int) -> None:
        for policy, steps in self._policies:
            policy.tried += times
            for step in steps:
                missing = step.needs & ~findings
                _count_rule(step, missing, findings, times)
                if step.ends(missing, passed=passed):
                    return


def _count_rule(step: _Step, missing: int, findings: int, times: int) -> None:
    """`missing` are the bits of the requirements that do not hold."""
    tally = step.tally
    if step.exists:
        tally.tried += times
    if missing == 0:
        tally.matched += times
        for bits in step.bits:
            _count_clauses(tally, bits, findings, times, way=0)
    elif missing & (missing - 1) == 0:
        (alone,) = (bits for bits in step.bits if bits.holds == missing)
        _count_clauses(tally, alone, findings, times, way=1)


def _count_clauses(tally: RuleTally, bits: _Bits, findings: int, times: int, *, way: int) -> None:
    for index, bit in bits.clauses:
        if findings & bit:
            tally.clauses[index][way] += times
