"""The public Hypothesis strategies: what they draw loads and prints as YAML, shrinks to the simple, and meets every edge."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pytest
import yaml
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

from calico_engine import Cluster, Decision, Packet, ReasonCode, strategies
from calico_engine.analysis.answers import Reason
from calico_engine.packets import HookPath
from calico_selectors import Selector

Manifest = dict[str, Any]
T = TypeVar("T")

# Generating is slow where tests run side by side; every other health check counts.
FIXED = settings(
    derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
MANIFESTS: Mapping[str, st.SearchStrategy[Manifest]] = {
    "felix_configurations": strategies.felix_configurations(),
    "global_network_policies": strategies.global_network_policies(),
    "global_network_sets": strategies.global_network_sets(),
    "host_endpoints": strategies.host_endpoints(),
    "hosts": strategies.hosts(),
    "network_policies": strategies.network_policies(),
    "network_sets": strategies.network_sets(),
    "profiles": strategies.profiles(),
    "tiers": strategies.tiers(),
    "workload_endpoints": strategies.workload_endpoints(),
}
CLUSTERS = strategies.clusters()
SMALL_CLUSTERS = strategies.clusters(
    max_host_endpoints=2,
    max_workload_endpoints=1,
    max_policies=2,
    kinds=["normal", "preDNAT"],
    allow_configuration=False,
)
LABELS = {"app": "a", "role": ""}
#: Every reason that a packet of a drawn cluster can have but the rarest two.
REASONS = frozenset(ReasonCode) - {ReasonCode.SERVICE_LOOP, ReasonCode.NEIGHBOUR_DISCOVERY}


def manifests(cluster: Cluster) -> list[Manifest]:
    """What the cluster was parsed from."""
    (text,) = cluster.texts.values()
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def of_kind(cluster: Cluster, kind: str) -> list[Manifest]:
    return [each for each in manifests(cluster) if str(each["kind"]).endswith(kind)]


@pytest.mark.parametrize("name", MANIFESTS)
@FIXED
@given(data=st.data())
def test_a_manifest_loads_and_prints_as_yaml(name: str, data: st.DataObject) -> None:
    drawn = data.draw(MANIFESTS[name])
    loaded, pasted = Cluster.parse(json.dumps(drawn)), Cluster.parse(pretty(drawn))
    kind = str(drawn["kind"])
    assert loaded.get(kind) == pasted.get(kind)
    assert [each.message for each in pasted.warnings] == [each.message for each in loaded.warnings]


@FIXED
@given(CLUSTERS)
def test_a_cluster_prints_as_what_makes_it(cluster: Cluster) -> None:
    assert yaml_of(pretty([cluster])) == cluster.texts["<text>"]


def yaml_of(shown: str) -> str:
    """The manifests in what a failing test prints."""
    (text,) = re.findall(r'Cluster\.parse\("""(.*?)"""\)', shown, re.DOTALL)
    return str(text)


@FIXED
@given(st.data())
def test_a_packet_prints_as_its_query(data: st.DataObject) -> None:
    packet = data.draw(strategies.packets(cluster=data.draw(CLUSTERS)))
    query = re.fullmatch(r"Packet\.parse\((.*)\)", pretty(packet))
    assert query is not None
    assert Packet.parse(json.loads(query[1])) == packet


@st.composite
def asked(draw: st.DrawFn) -> tuple[Cluster, list[Packet]]:
    """A small cluster and packets of it."""
    cluster = draw(SMALL_CLUSTERS)
    return cluster, draw(st.lists(strategies.packets(cluster=cluster), min_size=1, max_size=3))


def what_is_printed(fails: Callable[[], None], *more: Phase) -> str:
    """What a failing test prints."""
    with pytest.raises(AssertionError) as error:
        settings(FIXED, max_examples=300, phases=[Phase.generate, Phase.shrink, *more])(fails)()
    return "\n".join(error.value.__notes__)


def is_decided_by_a_rule(cluster: Cluster, packet: Packet) -> bool:
    return cluster.verdict(packet).decided_by.reason is ReasonCode.RULE


@given(st.data())
def draws_one_after_the_other(data: st.DataObject) -> None:
    cluster = data.draw(CLUSTERS)
    assert not is_decided_by_a_rule(cluster, data.draw(strategies.packets(cluster=cluster)))


@given(asked())
def draws_both_at_once(question: tuple[Cluster, list[Packet]]) -> None:
    cluster, packets = question
    assert not any(is_decided_by_a_rule(cluster, packet) for packet in packets)


@pytest.mark.parametrize("fails", [draws_one_after_the_other, draws_both_at_once])
def test_a_failing_test_can_be_pasted_into_a_file(fails: Callable[[], None]) -> None:
    shown = what_is_printed(fails)
    (query,) = re.findall(r"Packet\.parse\((\{.*?\})\)", shown)
    assert is_decided_by_a_rule(Cluster.parse(yaml_of(shown)), Packet.parse(yaml.safe_load(query)))


@given(strategies.host_endpoints(), strategies.global_network_policies())
def draws_manifests(endpoint: dict[str, Manifest], policy: Manifest) -> None:
    assert not (endpoint["metadata"].get("labels") and rules_of(policy))


def test_manifests_of_a_failing_test_can_be_pasted_into_a_file() -> None:
    """Hypothesis' remarks, such as `# or any other generated value`, are remarks in YAML too."""
    shown = what_is_printed(draws_manifests, Phase.explain)
    drawn = re.findall(r"^    \w+=(\{.*?\}),(?:  #[^\n]*)?\n(?=    \w|\))", shown, re.MULTILINE | re.DOTALL)
    pasted = Cluster.parse("\n---\n".join(drawn))
    assert "#" in shown
    assert [len(pasted.get(kind)) for kind in ("HostEndpoint", "GlobalNetworkPolicy")] == [1, 1]


def found(fails: Callable[[T], bool], of: st.SearchStrategy[T]) -> T:
    """The simplest that Hypothesis finds."""
    return find(of, fails, settings=settings(FIXED, max_examples=2_000, phases=[Phase.generate, Phase.shrink]))


def test_clusters_shrink_to_one_endpoint() -> None:
    (endpoint,) = manifests(found(lambda cluster: len(cluster.get("hep")) + len(cluster.get("wep")) > 0, of=CLUSTERS))
    assert endpoint["spec"] == {"node": "n1", "interfaceName": "eth0"}


def test_clusters_shrink_to_one_policy_with_one_rule() -> None:
    def has_a_rule(cluster: Cluster) -> bool:
        return any(rule["action"] == "Deny" for policy in cluster.get("gnp") for rule in rules_of(policy))

    endpoint, policy = manifests(found(has_a_rule, of=CLUSTERS))
    assert (endpoint["kind"], policy["kind"]) == ("HostEndpoint", "GlobalNetworkPolicy")
    assert rules_of(policy) == [{"action": "Deny"}]


def rules_of(policy: Mapping[str, object]) -> list[Mapping[str, object]]:
    spec = policy["spec"]
    assert isinstance(spec, dict)
    return [rule for way in ("ingress", "egress") for rule in spec.get(way, [])]


ONE_POLICY = ("HostEndpoint", "GlobalNetworkPolicy")


@pytest.mark.parametrize(
    ("meets", "kinds"),
    [
        (lambda by: by.reason is ReasonCode.RULE and by.chain_type == "NORMAL", ONE_POLICY),
        (lambda by: by.reason is ReasonCode.RULE and by.chain_type == "PRE_DNAT", ONE_POLICY),
        (lambda by: by.reason is ReasonCode.END_OF_TIER and by.tier == "t1", (*ONE_POLICY, "Tier")),
    ],
    ids=["a rule", "a rule before NAT", "the end of another tier"],
)
def test_failing_tests_shrink_to_what_they_need(meets: Callable[[Reason], bool], kinds: tuple[str, ...]) -> None:
    def fails(question: tuple[Cluster, list[Packet]]) -> bool:
        cluster, packets = question
        return any(meets(verdict.decided_by) for verdict in cluster.verdicts(packets))

    cluster, packets = found(fails, of=asked())
    assert len(packets) == 1
    assert tuple(each["kind"] for each in manifests(cluster)) == kinds
    assert sum(len(rules_of(policy)) for policy in of_kind(cluster, "NetworkPolicy")) == (kinds == ONE_POLICY)


def test_clusters_shrink_to_one_policy_without_order_and_two_rules() -> None:
    def two_rules(policy: Manifest) -> bool:
        return "order" not in policy["spec"] and len(rules_of(policy)) > 1

    endpoint, policy = manifests(found(lambda cluster: any(map(two_rules, cluster.get("gnp"))), of=CLUSTERS))
    assert (endpoint["kind"], policy["kind"]) == ONE_POLICY
    assert rules_of(policy) == [{"action": "Allow"}, {"action": "Allow"}]


def test_packets_shrink_to_one_plain_packet() -> None:
    cluster = found(lambda cluster: True, of=CLUSTERS)
    several_packets = st.lists(strategies.packets(cluster=cluster), max_size=20)

    def is_dropped(drawn: list[Packet]) -> bool:
        return any(verdict.decision is Decision.DENY for verdict in cluster.verdicts(drawn))

    (packet,) = find(several_packets, is_dropped, settings=settings(FIXED, max_examples=2_000))
    assert packet.to_query() == {
        "node": "n1",
        "inInterface": "eth0",
        "source": "203.0.113.7",
        "destination": "203.0.113.7",
        "protocol": "TCP",
        "sourcePort": 40000,
        "destinationPort": 80,
    }


def test_packets_meet_every_decision_and_reason() -> None:
    decisions: Counter[Decision] = Counter()
    reasons: Counter[ReasonCode] = Counter()

    @settings(FIXED, max_examples=600)
    @given(st.data())
    def meets(data: st.DataObject) -> None:
        cluster = data.draw(CLUSTERS)
        for _ in range(6):
            verdict = cluster.verdict(data.draw(strategies.packets(cluster=cluster)))
            decisions[verdict.decision] += 1
            reasons[verdict.decided_by.reason] += 1

    meets()
    assert set(decisions) == {Decision.ALLOW, Decision.DENY, Decision.NO_POLICY}
    assert set(reasons) >= REASONS
    assert sum(reasons[reason] for reason in (ReasonCode.RULE, ReasonCode.END_OF_TIER)) > sum(reasons.values()) / 20


#: Nodes' and pods' own addresses, and those that are rare, of both families.
OWN, RARE = {4: "10.65.0.2", 6: "fd65::2"}, {4: "198.51.100.7", 6: "2001:db8:9::7"}
LENGTHS = {4: 32, 6: 128}
ENDPOINTS = {
    "HostEndpoint": {"node": "n1", "interfaceName": "eth0", "expectedIPs": [*OWN.values()]},
    "WorkloadEndpoint": {
        "node": "n1",
        "orchestrator": "k8s",
        "pod": "w",
        "endpoint": "eth0",
        "interfaceName": "cali1",
        "ipNetworks": [*OWN.values()],
    },
}


def with_a_rare_rule(endpoint: str, way: str, version: int, **kind: bool) -> Cluster:
    """After two others, a rule that asks for one packet of all those that the endpoint may send or get."""
    own, rare = ({"nets": [f"{addresses[version]}/{LENGTHS[version]}"]} for addresses in (OWN, RARE))
    source, destination = (rare, own) if way == "Ingress" else (own, rare)
    rule = {"action": "Deny", "protocol": "UDP", "source": {**source, "ports": [1234]}}
    rules = [
        {"action": "Allow", "protocol": "TCP", "destination": {"ports": [80, 443]}},
        {"action": "Allow", "protocol": "ICMP" if version == 4 else "ICMPv6"},
        {**rule, "destination": {**destination, "ports": [5353]}},
    ]
    metadata = {"name": "n1-k8s-w-eth0", "namespace": "default"} if endpoint == "WorkloadEndpoint" else {"name": "h"}
    spec = {"selector": "all()", "types": [way], way.lower(): rules, **kind}
    objects = ((endpoint, metadata, ENDPOINTS[endpoint]), ("GlobalNetworkPolicy", {"name": "p"}, spec))
    api = "projectcalico.org/v3"
    return Cluster.parse(
        "\n---\n".join(json.dumps({"apiVersion": api, "kind": k, "metadata": m, "spec": s}) for k, m, s in objects)
    )


FORWARD = {"applyOnForward": True}


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("endpoint", "way", "kind"),
    [
        ("HostEndpoint", "Ingress", {}),
        ("HostEndpoint", "Egress", {}),
        ("HostEndpoint", "Ingress", FORWARD),
        ("HostEndpoint", "Egress", FORWARD),
        ("HostEndpoint", "Ingress", {"preDNAT": True, **FORWARD}),
        ("HostEndpoint", "Ingress", {"doNotTrack": True, **FORWARD}),
        ("HostEndpoint", "Egress", {"doNotTrack": True, **FORWARD}),
        ("WorkloadEndpoint", "Ingress", {}),
        ("WorkloadEndpoint", "Egress", {}),
    ],
)
def test_packets_meet_rare_rules(endpoint: str, way: str, kind: Mapping[str, bool], version: int) -> None:
    cluster, met = with_a_rare_rule(endpoint, way, version, **kind), 0

    @settings(FIXED, max_examples=200)
    @given(strategies.packets(cluster=cluster))
    def meets(packet: Packet) -> None:
        nonlocal met
        met += cluster.verdict(packet).decided_by.rule == 2

    meets()
    assert met > 0


def test_packets_miss_rare_rules_in_one_field() -> None:
    cluster = with_a_rare_rule("HostEndpoint", "Ingress", 4)
    wanted = {"source": RARE[4], "sourcePort": 1234, "destination": OWN[4], "destinationPort": 5353, "protocol": "UDP"}
    missed: Counter[str] = Counter()

    @settings(FIXED, max_examples=500)
    @given(strategies.packets(cluster=cluster, ip_versions=[4]))
    def misses(packet: Packet) -> None:
        query = packet.to_query()
        fields = [name for name, value in wanted.items() if query.get(name) != value]
        missed.update(fields if len(fields) == 1 else ())

    misses()
    assert set(missed) == set(wanted)


def test_packets_have_types_and_codes_that_there_are() -> None:
    rule: Manifest = {"action": "Allow", "protocol": "ICMP", "icmp": {"type": 254, "code": 255}}
    policies = strategies.global_network_policies(rules=st.just(rule), allow_staged=False)
    drawn = find(MANIFESTS["host_endpoints"], lambda _: True), find(policies, lambda policy: bool(rules_of(policy)))
    cluster = Cluster.parse("\n---\n".join(map(json.dumps, drawn)))
    codes = []

    @FIXED
    @given(strategies.packets(cluster=cluster, ip_versions=[4]))
    def draw_one(packet: Packet) -> None:
        codes.append(packet.icmp_code)

    draw_one()
    assert 255 in codes


def test_connections_can_be_asked() -> None:
    answers: Counter[Decision] = Counter()

    @FIXED
    @given(st.data())
    def is_answered(data: st.DataObject) -> None:
        cluster = data.draw(strategies.clusters(with_hosts=True))
        for _ in range(4):
            answers[cluster.check(*data.draw(strategies.connections(cluster=cluster))).decision] += 1

    is_answered()
    assert set(answers) == set(Decision)


def test_a_cluster_without_addresses_has_no_connections() -> None:
    cluster = found(lambda cluster: True, of=CLUSTERS)
    with pytest.raises(ValueError, match="no address is known of any node or pod"):
        strategies.connections(cluster=cluster)


def test_a_cluster_without_nodes_has_no_packets() -> None:
    with pytest.raises(ValueError, match="has no node"):
        strategies.packets(cluster=Cluster.parse(json.dumps(find(MANIFESTS["tiers"], lambda _: True))))


@FIXED
@given(strategies.clusters(max_host_endpoints=0, max_workload_endpoints=1, max_policies=1, max_rules=1, max_tiers=0))
def test_limits_are_kept(cluster: Cluster) -> None:
    policies = of_kind(cluster, "NetworkPolicy")
    assert len(of_kind(cluster, "Endpoint")) == len(cluster.get("wep")) == 1
    assert len(policies) <= 1
    assert all(len(rules_of(policy)) <= 2 for policy in policies)
    assert of_kind(cluster, "Tier") == []


@FIXED
@given(
    strategies.clusters(
        kinds=["doNotTrack"],
        actions=["Deny"],
        ip_versions=[6],
        nodes=["m"],
        label_pool={"zone": ["east"]},
        allow_staged=False,
        allow_missing=False,
        allow_configuration=False,
    )
)
def test_what_is_not_wanted_is_not_drawn(cluster: Cluster) -> None:
    text = cluster.texts["<text>"]
    assert not re.search("action: (Allow|Pass)|Staged|FelixConfiguration|Host$|has[(]app|203.0.113", text, re.MULTILINE)
    assert cluster.compiled.nodes == {"m"}
    assert not any("exist" in warning.message for warning in cluster.warnings)
    for policy in of_kind(cluster, "GlobalNetworkPolicy"):
        assert "doNotTrack: true" in yaml.safe_dump(policy)


@FIXED
@given(st.data())
def test_packets_are_of_the_wanted_kind(data: st.DataObject) -> None:
    cluster = data.draw(CLUSTERS)
    wanted = strategies.packets(
        cluster=cluster, paths=["FROM_HOST"], conntrack_states=["INVALID"], ip_versions=[6], allow_dnat=False
    )
    packet = data.draw(wanted)
    assert (packet.path, packet.conntrack_state.value, packet.version) == (HookPath.FROM_HOST, "INVALID", 6)
    assert not packet.dnat
    assert not packet.open_fields


@FIXED
@given(st.data(), strategies.label_sets())
def test_selectors_match_the_labels_they_are_made_for(data: st.DataObject, labels: dict[str, str]) -> None:
    assert data.draw(strategies.selectors_matching(labels)).matches(labels)


def test_selectors_use_the_whole_language() -> None:
    texts = []

    @settings(FIXED, max_examples=300)
    @given(strategies.selectors())
    def draw_one(selector: Selector) -> None:
        texts.append(selector.text)

    draw_one()
    words = [
        "==",
        "!=",
        " in ",
        "not in",
        "has(",
        "!has(",
        "contains",
        "starts with",
        "ends with",
        "all()",
        "&&",
        "||",
        "!(",
    ]
    assert [word for word in words if not any(word in text for text in texts)] == []


@pytest.mark.parametrize("pool", [{"a b": ["x"]}, {"a": ["it's"]}, {"a": []}])
def test_a_pool_of_no_labels_is_refused(pool: Mapping[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"is no |has no values"):
        strategies.selectors(pool=pool)
    with pytest.raises(ValueError, match=r"is no |has no values"):
        strategies.label_sets(pool=pool)


def test_clusters_need_an_endpoint() -> None:
    with pytest.raises(ValueError, match="without an endpoint"):
        strategies.clusters(max_host_endpoints=0, max_workload_endpoints=0)


@pytest.mark.parametrize("name", strategies.__all__)
def test_every_strategy_shows_how_it_is_used(name: str) -> None:
    assert "find(" in (getattr(strategies, name).__doc__ or "")


def test_without_hypothesis_it_is_said_what_to_install() -> None:
    code = "import sys; sys.modules['hypothesis'] = None; import calico_engine.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    expected = "ImportError: calico_engine.strategies needs Hypothesis: install calico-engine[testing]"
    assert done.stderr.splitlines()[-1] == expected
