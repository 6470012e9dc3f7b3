"""Laws of coverage, one a test, on worlds and packets made up from seeds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random

from calico_engine import (
    ChangeRefused,
    Cluster,
    InvalidManifest,
    OutOfScope,
    Packet,
    ReasonCode,
    UnknownReference,
    Verdict,
)
from calico_engine.analysis.coverage import Coverage, RuleCoverage, merge, within
from calico_engine.dataplane.traces import ChainTrace, RuleTrace
from calico_engine.manifests.yaml_problems import Path
from verdict_fuzz.packets import PacketMaker
from verdict_fuzz.worlds import world as made_up

SEEDS = range(60)
PACKETS = 60
ADDRESSES = {
    4: ("10.0.0.9", "10.65.0.2", "192.0.2.1", "198.51.100.1", "203.0.113.7"),
    6: ("2001:db8::1", "2001:db8:1::1", "fd00::7"),
}


@cache
def asked(seed: int) -> tuple[Cluster, tuple[Verdict, ...]] | None:
    """A made-up world and answers to many packets; None for a world that cannot be asked."""
    random = Random(seed)
    made = made_up(random)
    maker = PacketMaker.of(random, made)
    try:
        world = Cluster.parse(made.text, source="world.yaml", stored=made.stored)
        verdicts = []
        for _ in range(PACKETS):
            query = maker.packet()
            verdicts.append(world.verdict(Packet.parse(query)))
            if verdicts[-1].decided_by.reason is ReasonCode.RULE:
                verdicts += [world.verdict(Packet.parse(near)) for near in near_misses(query, random)]
    except (InvalidManifest, OutOfScope, UnknownReference):
        return None
    return world, tuple(verdicts)


def near_misses(query: Mapping[str, object], random: Random) -> Iterator[Mapping[str, object]]:
    """The packet with one value changed."""
    version = 6 if ":" in str(query["source"]) else 4
    for key in ("source", "destination"):
        yield {**query, key: random.choice(ADDRESSES[version])}
    for key in sorted({"sourcePort", "destinationPort", "icmpType"} & set(query)):
        yield {**query, key: random.randrange(256)}
    if query["protocol"] in ("TCP", "UDP"):
        yield {**query, "protocol": "UDP" if query["protocol"] == "TCP" else "TCP"}


def worlds() -> Iterator[tuple[Cluster, tuple[Verdict, ...]]]:
    found = [each for each in map(asked, SEEDS) if each is not None]
    assert len(found) > len(SEEDS) // 2
    return iter(found)


def collected(world: Cluster, verdicts: Sequence[Verdict]) -> Coverage:
    collector = world.coverage_collector()
    for verdict in verdicts:
        collector.add(verdict)
    return collector.coverage()


#: (kind, namespace, name), direction, index.
RuleKey = tuple[tuple[str, str, str], str, int]


def traced(verdicts: Sequence[Verdict]) -> Iterator[tuple[RuleKey, RuleTrace]]:
    """Every rule that was met, as traces tell it."""
    for verdict in verdicts:
        steps = (step for hop in verdict.trace for table in hop.tables for step in table.steps)
        for chain in (step for step in steps if isinstance(step, ChainTrace)):
            met = [((p.kind, p.namespace, p.name), p.rules) for tier in chain.tiers for p in tier.policies]
            met += [(("Profile", "", profile.name), profile.rules) for profile in chain.profiles]
            for owner, rules in met:
                yield from (((owner, chain.direction, rule.index), rule) for rule in rules)


def rules_of(coverage: Coverage) -> Iterator[tuple[RuleKey, RuleCoverage]]:
    for each in coverage.policies:
        for direction in each.directions:
            owner = each.id.kind, each.id.namespace, each.id.name
            yield from (((owner, direction.direction.value, rule.index), rule) for rule in direction.rules)


def test_rules_are_tried_and_match_as_traces_say() -> None:
    matched_in_all = 0
    for world, verdicts in worlds():
        tried, matched = Counter[RuleKey](), Counter[RuleKey]()
        for key, rule in traced(verdicts):
            tried[key] += rule.exists
            matched[key] += rule.matched
        matched_in_all += matched.total()
        for key, found in rules_of(collected(world, verdicts)):
            assert (found.tried, found.matched) == (tried[key], matched[key]), key
    assert matched_in_all > 300


SELECTORS = ("selector", "namespaceSelector", "serviceAccounts", "notSelector")


def test_clauses_are_decisive_where_traces_show_one_criterion_that_failed() -> None:
    """Traces tell of a list as a whole, and of one side's selectors together."""
    seen = Counter[str]()
    for world, verdicts in (of_one for each in worlds() for of_one in by_version(*each)):
        failed = Counter[tuple[RuleKey, str]]()
        for key, rule in traced(verdicts):
            fields = [_field(criterion.field) for criterion in rule.criteria if not criterion.matched]
            if len(fields) == 1:
                failed[key, fields[0]] += 1
        for key, found in rules_of(collected(world, verdicts)):
            # Of a rule that an IP version does not have a trace holds no criteria, and yet clauses count.
            for field, each in _by_field(found).items() if found.tried else ():
                seen[field] += (alone := failed[key, field])
                if len(each) == 1 or field.endswith((".nets", ".ports")):
                    assert set(each) == {alone}, (key, field)
                else:
                    assert max(each) <= alone, (key, field)
                    assert field.endswith(".selectors") or alone <= sum(each), (key, field)
    wanted = [f"{side}.{name}" for side in ("source", "destination") for name in ("nets", "selectors", "ports")]
    assert min(seen[field] for field in ("protocol", *wanted)) > 5, seen


def by_version(world: Cluster, verdicts: Sequence[Verdict]) -> Iterator[tuple[Cluster, list[Verdict]]]:
    for version in (4, 6):
        yield world, [verdict for verdict in verdicts if verdict.packets[0].version == version]


def _field(name: str) -> str:
    side, _, field = name.partition(".")
    return f"{side}.selectors" if field in SELECTORS else name


def _by_field(rule: RuleCoverage) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in rule.clauses:
        found.setdefault(_field(each.clause.field), []).append(each.decisive)
    return found


def test_a_clause_is_decisive_if_the_rule_matches_without_it() -> None:
    """The definition, by what-ifs: of a list all entries are taken away, of the rest one clause."""
    told = Counter[bool]()
    for world, verdicts in worlds():
        for verdict in verdicts[::3]:
            for key, rule in rules_of(collected(world, [verdict])):
                if not rule.tried or rule.matched or _is_special(rule):
                    continue
                for path in {each.clause.path[:2] for each in rule.clauses}:
                    without = _without(world, key, path)
                    if without is not None:
                        decisive = any(each.decisive for each in rule.clauses if each.clause.path[:2] == path)
                        again = dict(traced([without.verdict(packet) for packet in verdict.packets]))
                        assert again[key].matched is decisive, (key, path)
                        told[decisive] += 1
    assert min(told[True], told[False]) > 20, told


def _is_special(rule: RuleCoverage) -> bool:
    """One clause less would give the others another meaning."""
    paths = {each.clause.path[:2] for each in rule.clauses}
    ports = (each.clause.text for each in rule.clauses if each.clause.path[-2:-1] in (("ports",), ("notPorts",)))
    # Felix may test fewer lists than are written, and a rule without namespaceSelector means its own namespace.
    several = sum(path[-1] in ("nets", "ports") for path in paths) > 2
    return several or any(map(str.isalpha, ports)) or any(path[-1] == "namespaceSelector" for path in paths)


def _without(world: Cluster, key: RuleKey, path: Path) -> Cluster | None:
    """The world with one clause or list less; None where that is not allowed."""
    (kind, namespace, name), direction, index = key
    # Felix passes a whole stored policy over where a rule of it is not sound; nobody refuses it beforehand.
    if kind not in ("GlobalNetworkPolicy", "NetworkPolicy") or world.compiled.datastore.stored:
        return None
    (found,) = world.get(kind, name, namespace or None)
    spec = json.loads(json.dumps(found["spec"]))
    entity = spec[direction.lower()][index]
    for step in path[:-1]:
        entity = entity[step]
    del entity[path[-1]]
    try:
        return world.patch(kind, name, {"spec": {direction.lower(): spec[direction.lower()]}}, namespace or None)
    except (InvalidManifest, ChangeRefused):
        return None


def test_one_packet_more_never_covers_less() -> None:
    for world, verdicts in list(worlds())[:8]:
        collector = world.coverage_collector()
        before = collector.coverage()
        for verdict in verdicts:
            collector.add(verdict)
            after = collector.coverage()
            assert 0 <= before.percent <= after.percent <= 100
            assert all(a <= b for a, b in zip(numbers(before), numbers(after), strict=True))
            before = after


def numbers(coverage: Coverage) -> list[int]:
    """Everything that is counted, in one order."""
    found = []
    for each in coverage.policies:
        for direction in each.directions:
            found += [direction.tried, direction.denied_at_end]
            for rule in direction.rules:
                found += [rule.tried, rule.matched, rule.decided]
                found += [number for clause in rule.clauses for number in (clause.matched, clause.decisive)]
    return found + [number for tier in coverage.tiers for number in (tier.denied, tier.passed)]


def test_coverage_of_parts_adds_up_in_any_order() -> None:
    for world, verdicts in worlds():
        third = len(verdicts) // 3
        one, two, three = (collected(world, verdicts[at : at + third]) for at in (0, third, 2 * third))
        whole = collected(world, verdicts[: 3 * third])
        assert merge([one, two, three]) == merge([three, one, two]) == whole
        assert merge([merge([one, two]), three]) == merge([one, merge([two, three])]) == whole
        assert merge([whole, Coverage()]) == merge([whole]) == within(whole, one) == whole


def test_coverage_of_different_worlds_adds_up_in_any_order() -> None:
    """Their policies have the same names, and most of them different rules."""
    one, two, three = (collected(*each) for each in list(worlds())[:3])
    assert merge([one, two, three]) == merge([three, two, one])
    assert merge([merge([one, two]), three]) == merge([one, merge([two, three])])
    kept = within(merge([one, two]), one)
    assert [each.id for each in kept.policies] == [each.id for each in one.policies]
    assert all(a >= b for a, b in zip(numbers(kept), numbers(one), strict=True))
