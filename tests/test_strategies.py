"""The public Hypothesis strategies: what they draw loads and prints as YAML, shrinks to the simple, and meets every edge."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
import yaml
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

from calico_engine import Cluster, Decision, Packet, ReasonCode, strategies
from calico_engine.packets import HookPath
from calico_selectors import Selector

Manifest = dict[str, object]

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


def test_a_failing_test_can_be_pasted_into_a_file() -> None:
    @settings(derandomize=True, database=None, max_examples=300, phases=[Phase.generate, Phase.shrink])
    @given(st.data())
    def fails(data: st.DataObject) -> None:
        cluster = data.draw(CLUSTERS)
        verdict = cluster.verdict(data.draw(strategies.packets(cluster=cluster)))
        assert verdict.decided_by.reason is not ReasonCode.RULE

    with pytest.raises(AssertionError) as error:
        fails()
    shown = "\n".join(error.value.__notes__)
    (query,) = re.findall(r"Packet\.parse\((\{.*?\})\)", shown)
    verdict = Cluster.parse(yaml_of(shown)).verdict(Packet.parse(json.loads(query)))
    assert verdict.decided_by.reason is ReasonCode.RULE


def found(of: Callable[[Cluster], bool]) -> Cluster:
    return find(CLUSTERS, of, settings=settings(FIXED, max_examples=2_000, phases=[Phase.generate, Phase.shrink]))


def test_clusters_shrink_to_one_endpoint() -> None:
    (endpoint,) = manifests(found(lambda cluster: len(cluster.get("hep")) + len(cluster.get("wep")) > 0))
    assert endpoint["spec"] == {"node": "n1", "interfaceName": "eth0"}


def test_clusters_shrink_to_one_policy_with_one_rule() -> None:
    def has_a_rule(cluster: Cluster) -> bool:
        return any(rule["action"] == "Deny" for policy in cluster.get("gnp") for rule in rules_of(policy))

    endpoint, policy = manifests(found(has_a_rule))
    assert (endpoint["kind"], policy["kind"]) == ("HostEndpoint", "GlobalNetworkPolicy")
    assert rules_of(policy) == [{"action": "Deny"}]


def rules_of(policy: Mapping[str, object]) -> list[Mapping[str, object]]:
    spec = policy["spec"]
    assert isinstance(spec, dict)
    return [rule for way in ("ingress", "egress") for rule in spec.get(way, [])]


def test_packets_shrink_to_one_plain_packet() -> None:
    cluster = found(lambda cluster: True)
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
    cluster = found(lambda cluster: True)
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
