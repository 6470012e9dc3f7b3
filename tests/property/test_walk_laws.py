"""Laws of verdicts, one a test, on small worlds made to be crowded: few addresses, ports and labels, so that all meet.

Worlds are read as stored, so that nothing but what they say is in them. Endpoints have an address of each family: that
of IPv6 is the image of the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from calico_engine import Packet
from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.chains import Chain, ChainProfile, ChainTier
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.findings import warnings
from calico_engine.compiler.matchers import row
from calico_engine.compiler.rules import CompiledRule
from calico_engine.dataplane.criteria import criteria
from calico_engine.dataplane.outcomes import Answer, Decision, Outcome, ReasonCode
from calico_engine.dataplane.plans import Op, plan
from calico_engine.dataplane.reader import PacketReader
from calico_engine.dataplane.recorder import TraceRecorder
from calico_engine.dataplane.traces import ChainTrace, RuleTrace, Trace
from calico_engine.dataplane.walk import ChainResult, View, matches, scan, walk
from calico_engine.datastore import build
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source

Document = dict[str, Any]
World = list[Document]
Way = tuple[str | None, str | None]

FIXED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
V4_NETS = ("10.0.0.9/32", "10.0.0.8/30", "10.0.0.0/24", "10.65.0.0/16", "0.0.0.0/1")
NETS = (*V4_NETS, "fd00::a00:9/128", "fd00::/64")
ADDRESSES = ("10.0.0.1", "10.0.0.9", "10.0.0.10", "10.65.0.2", "10.65.0.3", "203.0.113.7")
PORTS = (22, 53, 80, 179, 443, 8080)
SELECTORS = ("all()", "has(app)", "app == 'a'", "!has(app)", "has(host)", "role in {'x', 'y'}", "!all()")
TO_HOST: tuple[Way, ...] = (("eth0", None), ("eth1", None), ("lo", None))
FROM_HOST: tuple[Way, ...] = ((None, "eth0"), (None, "eth1"), (None, "lo"))
FORWARDED: tuple[Way, ...] = (
    ("eth0", "eth1"),
    ("eth1", "eth0"),
    ("eth0", "cali1"),
    ("cali1", "eth0"),
    ("cali1", "cali2"),
)
WAYS = (*TO_HOST, *FROM_HOST, *FORWARDED, ("cali1", None), (None, "cali1"))
USUAL = ("normal", "normal", "forward", "forward", "preDNAT", "untracked")
KINDS: Mapping[str, Mapping[str, bool]] = {
    "normal": {},
    "forward": {"applyOnForward": True},
    "preDNAT": {"applyOnForward": True, "preDNAT": True},
    "untracked": {"applyOnForward": True, "doNotTrack": True},
}
RANK = {Decision.DENY: 0, Decision.NO_POLICY: 1, Decision.ALLOW: 2}


def image(text: str) -> str:
    """The address or net of IPv6 that stands for one of IPv4."""
    address, slash, length = text.partition("/")
    value = IPv6Address(0xFD00 << 112 | int(IPv4Address(address)))
    return f"{value}/{int(length) + 96}" if slash else str(value)


def imaged(value: Any) -> Any:
    """A world or a query in which all of IPv4 is turned into IPv6."""
    text = re.sub(r'"(\d+\.\d+\.\d+\.\d+(?:/\d+)?)"', lambda found: f'"{image(found[1])}"', json.dumps(value))
    return json.loads(text.replace('"ICMP"', '"ICMPv6"'))


def document(kind: str, name: str, spec: Mapping[str, object], **metadata: object) -> Document:
    version = "calico-engine/v1" if kind == "Host" else "projectcalico.org/v3"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": dict(spec)}


def some(values: Iterable[Any], most: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=most, unique=True)


@st.composite
def rules(draw: st.DrawFn, nets: Sequence[str]) -> Document:
    """A rule with few criteria, so that it often matches."""
    rule: Document = {"action": draw(st.sampled_from(["Allow", "Deny", "Pass", "Log"]))}
    protocol = draw(st.sampled_from([None, "TCP", "TCP", "UDP", "ICMP"]))
    if protocol is not None:
        rule["protocol"] = protocol
    if protocol == "ICMP" and draw(st.booleans()):
        rule[draw(st.sampled_from(["icmp", "notICMP"]))] = draw(st.sampled_from([{"type": 8}, {"type": 8, "code": 0}]))
    values: dict[str, st.SearchStrategy[Any]] = {"nets": some(nets), "notNets": some(nets, 1)}
    values |= dict.fromkeys(("selector", "notSelector"), st.sampled_from(SELECTORS))
    if protocol in ("TCP", "UDP"):
        values |= {"ports": some([*PORTS, "http", "80:443"], 3), "notPorts": some([*PORTS, "http"], 1)}
    for side in ("source", "destination"):
        count = draw(st.sampled_from([0, 0, 1, 1, 2]))
        names = draw(st.lists(st.sampled_from(sorted(values)), min_size=count, max_size=count, unique=True))
        rule[side] = {name: draw(values[name]) for name in names}
    return rule


@st.composite
def policies(draw: st.DrawFn, name: str, kinds: Sequence[str] = USUAL, nets: Sequence[str] = NETS) -> Document:
    kind = draw(st.sampled_from(kinds))
    types = (
        ["Ingress"] if kind == "preDNAT" else draw(st.sampled_from([["Ingress", "Egress"], ["Ingress"], ["Egress"]]))
    )
    spec = {
        "tier": draw(st.sampled_from(["t", "default"])),
        "selector": draw(st.sampled_from(SELECTORS)),
        "types": types,
    }
    order = draw(st.sampled_from([{}, {"order": 1}, {"order": 2}]))
    listed = {way.lower(): draw(st.lists(rules(nets), min_size=1, max_size=3)) for way in types}
    return document("GlobalNetworkPolicy", name, {**spec, **order, **KINDS[kind], **listed})


@st.composite
def worlds(draw: st.DrawFn, kinds: Sequence[str] = USUAL, nets: Sequence[str] = NETS) -> World:
    """One host with host endpoints, two workloads, a network set, tiers, policies and profiles."""
    profiles = st.lists(st.sampled_from(["q", "allow", "missing"]), max_size=2, unique=True)
    http = [{"name": "http", "protocol": "TCP", "port": 8080}]
    action = {"defaultEndpointToHostAction": draw(st.sampled_from(["Accept", "Return"]))}
    world = [
        document("Host", "n1", {"interfaces": [{"name": name} for name in ("lo", "eth0", "eth1")]}),
        document("Tier", "t", {"order": 1, "defaultAction": draw(st.sampled_from(["Deny", "Pass"]))}),
        document("Tier", "default", {"order": 1000000, "defaultAction": "Deny"}),
        document("Profile", "allow", {"ingress": [{"action": "Allow"}], "egress": [{"action": "Allow"}]}),
        document("Profile", "q", {way: draw(st.lists(rules(nets), max_size=2)) for way in ("ingress", "egress")}),
        document("GlobalNetworkSet", "s", {"nets": ["10.0.0.8/31", image("10.0.0.8/31")]}, labels={"role": "x"}),
        document("FelixConfiguration", "default", action),
    ]
    hosts = (("eth0", "10.0.0.1", "x"), ("eth1", "10.0.0.9", "z"), ("*", "10.0.0.10", "y"))
    for interface, address, role in draw(some(hosts, 3)):
        spec = {"interfaceName": interface, "expectedIPs": [address, image(address)], "ports": http}
        name = "wild" if interface == "*" else interface
        spec |= {"node": "n1", "profiles": draw(profiles)}
        world.append(document("HostEndpoint", name, spec, labels={"host": "", "role": role}))
    for interface, address, app in (("cali1", "10.65.0.2", "a"), ("cali2", "10.65.0.3", "b")):
        spec = {"interfaceName": interface, "ipNetworks": [address, image(address)], "ports": http}
        spec |= {"node": "n1", "orchestrator": "k8s", "profiles": draw(profiles)}
        world.append(document("WorkloadEndpoint", interface, spec, namespace="ns", labels={"app": app}))
    return world + [
        draw(policies(f"p{number}", kinds, nets)) for number in range(draw(st.sampled_from([3, 0, 1, 2, 4, 5])))
    ]


def query_of(random: Random, ways: Sequence[Way], versions: Sequence[int]) -> Document:
    """A packet; most of them new, and to and from addresses that the world knows."""
    incoming, outgoing = random.choice(ways)
    source = "10.65.0.2" if incoming == "cali1" else random.choice(ADDRESSES)
    query: Document = {"node": "n1", "source": source, "destination": random.choice(ADDRESSES)}
    query |= {key: name for key, name in (("inInterface", incoming), ("outInterface", outgoing)) if name}
    query["protocol"] = random.choice(["TCP", "TCP", "UDP", "ICMP"])
    query["conntrackState"] = random.choice([*["NEW"] * 8, "ESTABLISHED", "INVALID", "UNTRACKED"])
    if query["protocol"] == "ICMP":
        query |= {"icmpType": random.choice([0, 8]), "icmpCode": random.choice([0, 1])}
    else:
        query |= {"sourcePort": random.choice([40000, 179]), "destinationPort": random.choice(PORTS)}
        if random.random() < 0.3:
            query |= {"preDNATDestination": random.choice(ADDRESSES), "preDNATPort": random.choice(PORTS)}
    return query if random.choice(versions) == 4 else dict(imaged(query))


def queries(ways: Sequence[Way] = WAYS, versions: Sequence[int] = (4, 4, 6)) -> st.SearchStrategy[list[Document]]:
    """Many packets at once, from one number: drawing each value of each would take longer than asking."""

    def drawn(seed: int) -> list[Document]:
        random = Random(seed)
        return [query_of(random, ways, versions) for _ in range(40)]

    return st.integers(0, 2**32).map(drawn)


def compiled(world: World) -> CompiledCluster:
    loaded = load([Source("world.json", json.dumps(world))], stored=True)
    datastore, twice = build(loaded, stored=True)
    assert (loaded.errors, twice) == ([], [])
    return CompiledCluster(datastore)


def answers(world: World, asked: Iterable[Document]) -> list[Answer]:
    reader = PacketReader(compiled(world))
    return [reader.answer(Packet.parse(query)) for query in asked]


def decisions(world: World, asked: Iterable[Document]) -> list[Decision]:
    return [answer.decision for answer in answers(world, asked)]


def told(answer: Answer) -> tuple[object, ...]:
    """The answer and its reason, without what is not data."""
    by = answer.decider
    tier, rule, chain = by.tier and by.tier.tier.name, by.rule and by.rule.id, by.chain and by.chain.endpoint
    return answer.decision, by.reason, by.hook, chain, tier, rule, by.detail


def without(world: World, *names: str) -> World:
    return [entry for entry in world if entry["metadata"]["name"] not in names]


def with_rules(world: World, change: Any) -> World:
    """The world with each rule turned into a list of rules."""
    changed = json.loads(json.dumps(world))
    for entry in changed:
        if entry["kind"] in ("GlobalNetworkPolicy", "Profile"):
            for way in {"ingress", "egress"} & set(entry["spec"]):
                entry["spec"][way] = [new for rule in entry["spec"][way] for new in change(rule)]
    return list(changed)


def split(rule: Document, side: str, name: str) -> list[Document]:
    """One rule as two that share the list's values."""
    values = rule[side].get(name, []) if side in rule else []
    halves = (values[:1], values[1:]) if len(values) > 1 else (values,)
    return [{**rule, side: {**rule[side], name: half}} if values else rule for half in halves]


def staged(policy: Document, kind: str) -> Document:
    spec = {**policy["spec"], **KINDS[kind]}
    return {**policy, "kind": "StagedGlobalNetworkPolicy", "spec": spec}


class Comparing:
    """Asks each rule that is met twice: criterion by criterion, and with its flat test."""

    def table(self, name: str) -> None: ...

    def step(self, op: Op, outcome: Outcome | None) -> None: ...

    def chain(self, chain: Chain, view: View) -> None: ...

    def chain_end(self, result: ChainResult) -> None: ...

    def tier(self, tier: ChainTier, view: View) -> CompiledRule | None:
        for policy in tier.enforced:
            self._compare(policy.rules[view.version], view, tier.sets)
        return scan(tier, view)

    def profile(self, profile: ChainProfile, view: View, *, passed: bool) -> None:
        self._compare(profile.rules[view.version], view, profile.sets)

    def _compare(self, met: Iterable[CompiledRule], view: View, sets: AddressSets) -> None:
        for rule in met:
            one_by_one = all(criterion.matched for criterion in criteria(rule, view, sets))
            assert matches(row(rule, sets), view) is one_by_one, (rule, view)


@FIXED
@given(worlds(), queries())
def test_recording_does_not_change_the_answer(world: World, asked: list[Document]) -> None:
    cluster = compiled(world)
    for packet in map(Packet.parse, asked):
        planned = plan(cluster.node("n1"), packet)
        assert walk(planned, packet, TraceRecorder(lambda owner, rule: None)) == walk(planned, packet)


@FIXED
@given(worlds(), queries())
def test_in_a_trace_only_the_last_rule_ends_a_list(world: World, asked: list[Document]) -> None:
    cluster = compiled(world)
    for packet in map(Packet.parse, asked):
        recorder = TraceRecorder(lambda owner, rule: None)
        walk(plan(cluster.node("n1"), packet), packet, recorder)
        for rules_met in _lists_of(recorder.trace):
            ending = [(rule.matched or rule.by_pass_bit) and rule.action != "Log" for rule in rules_met]
            assert not any(ending[:-1])


@FIXED
@given(worlds(), queries())
def test_a_trace_ends_with_what_decided(world: World, asked: list[Document]) -> None:
    cluster = compiled(world)
    for packet in map(Packet.parse, asked):
        recorder = TraceRecorder(lambda owner, rule: None)
        decider = walk(plan(cluster.node("n1"), packet), packet, recorder).decider
        if decider.rule is not None:
            last = [rules_met for rules_met in _lists_of(recorder.trace) if rules_met][-1][-1]
            assert (last.index, last.action, last.matched) == (decider.rule.id.index, decider.rule.action.value, True)


def _lists_of(trace: Trace) -> list[tuple[RuleTrace, ...]]:
    """The rules met, for each tier and each profile in the order of the walk."""
    chains = [step for table in trace for step in table.steps if isinstance(step, ChainTrace)]
    lists: list[tuple[RuleTrace, ...]] = []
    for chain in chains:
        lists += [tuple(rule for policy in tier.policies for rule in policy.rules) for tier in chain.tiers]
        lists += [profile.rules for profile in chain.profiles]
    return lists


@FIXED
@given(worlds(), queries())
def test_a_rule_matches_when_all_its_criteria_do(world: World, asked: list[Document]) -> None:
    cluster = compiled(world)
    for packet in map(Packet.parse, asked):
        walk(plan(cluster.node("n1"), packet), packet, Comparing())


@FIXED
@given(worlds(), queries())
def test_a_kept_plan_answers_like_a_new_one(world: World, asked: list[Document]) -> None:
    together = [told(answer) for answer in answers(world, asked)]
    for query, answer in list(zip(asked, together, strict=True))[::8]:
        assert [answer] == [told(alone) for alone in answers(world, [query])]


@FIXED
@given(worlds(), queries(), st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(world: World, asked: list[Document], random: Random) -> None:
    shuffled = random.sample(world, len(world))
    assert list(map(told, answers(shuffled, asked))) == list(map(told, answers(world, asked)))


@FIXED
@given(worlds(), policies("a0"), queries())
def test_a_policy_that_selects_nobody_changes_nothing(world: World, policy: Document, asked: list[Document]) -> None:
    policy["spec"]["selector"] = "has(nobody)"
    assert list(map(told, answers([*world, policy], asked))) == list(map(told, answers(world, asked)))


@FIXED
@given(worlds(), queries())
def test_log_rules_decide_nothing(world: World, asked: list[Document]) -> None:
    silent = with_rules(world, lambda rule: [] if rule["action"] == "Log" else [rule])
    assert decisions(silent, asked) == decisions(world, asked)


@FIXED
@given(worlds(), queries(), st.sampled_from(["ports", "nets"]), st.sampled_from(["source", "destination"]))
def test_a_rule_is_the_same_as_one_for_each_value(world: World, asked: list[Document], name: str, side: str) -> None:
    """Below the number of blocks at which Felix stops testing."""
    assume(not any("Felix does not test" in warning.message for warning in warnings(compiled(world))))
    apart = with_rules(world, lambda rule: split(rule, side, name))
    assert decisions(apart, asked) == decisions(world, asked)


@FIXED
@given(worlds(), policies("a0", ["normal"]), st.sampled_from(["normal", "untracked"]), queries())
def test_staged_normal_and_untracked_policy_changes_nothing(
    world: World, policy: Document, kind: str, asked: list[Document]
) -> None:
    assert decisions([*world, staged(policy, kind)], asked) == decisions(world, asked)


@FIXED
@given(worlds(), policies("a0", ["normal"]), queries(FORWARDED))
def test_staged_forward_policy_only_takes_the_default_allow(
    world: World, policy: Document, asked: list[Document]
) -> None:
    before, after = answers(world, asked), answers([*world, staged(policy, "forward")], asked)
    for old, new in zip(before, after, strict=True):
        if old.decision is not new.decision:
            assert (old.decision, new.decision) == (Decision.ALLOW, Decision.NO_POLICY)
            assert old.decider.reason is ReasonCode.FORWARD_DEFAULT_ALLOW


@FIXED
@given(worlds(), policies("a0", ["preDNAT"]), queries())
def test_staged_pre_dnat_policy_only_drops_invalid_packets(
    world: World, policy: Document, asked: list[Document]
) -> None:
    """Without a wildcard, whose place in pre-DNAT policy it could take."""
    world = without(world, "wild")
    before, after = answers(world, asked), answers([*world, staged(policy, "preDNAT")], asked)
    for query, old, new in zip(asked, before, after, strict=True):
        if old.decision is not new.decision:
            assert query["conntrackState"] == "INVALID"
            assert told(new)[:3] == (Decision.DENY, ReasonCode.CONNTRACK_INVALID, "mangle-PREROUTING")


def _opened(query: Document, failsafe: tuple[str, int]) -> Document:
    """The query as a new packet, without address translation, to a failsafe port."""
    kept: Document = {
        key: query[key] for key in ("node", "inInterface", "outInterface", "source", "destination") if key in query
    }
    return {**kept, "protocol": failsafe[0], "sourcePort": 40000, "destinationPort": failsafe[1]}


@FIXED
@given(worlds(), queries(TO_HOST), queries(FROM_HOST))
def test_failsafes_win_over_all_policy_of_local_processes(
    world: World, incoming: list[Document], outgoing: list[Document]
) -> None:
    opened = [
        *(_opened(query, ("TCP", 22)) for query in incoming),
        *(_opened(query, ("UDP", 53)) for query in outgoing),
    ]
    assert Decision.DENY not in decisions(world, opened)


@FIXED
@given(worlds(["normal", "forward"]), queries(FORWARDED))
def test_failsafes_never_help_forwarded_packets(world: World, asked: list[Document]) -> None:
    none: Mapping[str, object] = {"failsafeInboundHostPorts": [], "failsafeOutboundHostPorts": []}
    node = document("FelixConfiguration", "node.n1", none)
    assert list(map(told, answers([*world, node], asked))) == list(map(told, answers(world, asked)))


@FIXED
@given(worlds(), queries())
def test_established_is_never_stricter_than_new(world: World, asked: list[Document]) -> None:
    new = decisions(world, [{**query, "conntrackState": "NEW"} for query in asked])
    established = decisions(world, [{**query, "conntrackState": "ESTABLISHED"} for query in asked])
    assert all(RANK[later] >= RANK[first] for first, later in zip(new, established, strict=True))


@FIXED
@given(worlds(), queries(), st.sampled_from(["a", "zz", "eth0.1"]))
def test_the_name_of_an_endpoint_without_rivals_does_not_matter(world: World, asked: list[Document], name: str) -> None:
    renamed = json.loads(json.dumps(world))
    for entry in renamed:
        if entry["kind"] == "HostEndpoint" and entry["metadata"]["name"] != "eth1":
            entry["metadata"]["name"] = name + entry["metadata"]["name"]
    assert decisions(renamed, asked) == decisions(world, asked)


@FIXED
@given(worlds(nets=V4_NETS), queries(versions=[4]))
def test_both_families_are_decided_alike(world: World, asked: list[Document]) -> None:
    assert decisions(imaged(world), imaged(asked)) == decisions(world, asked)
