"""Felix's own validation of what lies in the datastore: what vanishes, what is told of it, and where it is laxer."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from calico_engine import Cluster, InvalidManifest, ManifestError, Packet, Verdict

TABLES: Mapping[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "fixtures" / "vectors" / "second-gate.yaml").read_text()
)
ALLOW: Mapping[str, object] = {"action": "Allow"}
SOURCE = "stored.json"
Document = dict[str, object]


def resource(kind: str, name: str, spec: Mapping[str, object], **metadata: object) -> Document:
    given = {key: value for key, value in spec.items() if value is not None}
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": given,
    }


def host(**spec: object) -> Document:
    given = {"node": "n1", "interfaceName": "eth0", **spec}
    return resource("HostEndpoint", "h", given, labels={"host": "here"})


def workload(name: str = "w", **spec: object) -> Document:
    own = {"interfaceName": "cali1", "ipNetworks": ["10.65.0.2/32"], "profiles": ["projectcalico-default-allow"]}
    return resource("WorkloadEndpoint", name, {"node": "n1", "orchestrator": "k8s", **own, **spec}, namespace="ns1")


def policy(rules: Sequence[Mapping[str, object]] = (ALLOW,), **spec: object) -> Document:
    return resource("GlobalNetworkPolicy", "p", {"ingress": list(rules), **spec})


def text_of(*documents: Document) -> str:
    """One value a line, so that a line says which value is meant."""
    return json.dumps(documents, indent=1)


def stored(*documents: Document) -> Cluster:
    return Cluster.parse(text_of(*documents), source=SOURCE, stored=True)


def ask(cluster: Cluster, source: str = "10.0.0.9", interface: str = "eth0") -> Verdict:
    version = ipaddress.ip_address(source).version
    query = {"node": "n1", "inInterface": interface, "source": source, "protocol": "TCP", "sourcePort": 40000}
    destination = "10.0.0.1" if version == 4 else "2001:db8::1"
    return cluster.verdict(Packet.parse({**query, "destination": destination, "destinationPort": 8080}))


def outcome(verdict: Verdict) -> str:
    return f"{verdict.decision} {verdict.decided_by.reason}"


def ignored(cluster: Cluster) -> list[ManifestError]:
    """The warnings about objects that Felix takes for missing."""
    return [warning for warning in cluster.warnings if "Felix ignores" in warning.message]


def assert_told(warning: ManifestError, document: Document, path: str, line: str, *documents: Document) -> None:
    """The warning names the object, and the place of the value."""
    text = text_of(document, *documents).splitlines()
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    assert (warning.file, warning.kind, warning.name) == (SOURCE, document["kind"], metadata["name"])
    assert warning.path == f"[0].{path}"
    assert warning.line is not None
    assert text[warning.line - 1].strip() == line


@pytest.mark.parametrize("row", TABLES["bad-rules"], ids=str)
def test_policy_with_a_bad_rule(row: Mapping[str, Any]) -> None:
    bad = policy([{"action": "Allow", **row["rule"], "metadata": {}}, ALLOW])
    cluster = stored(bad, host())
    (warning,) = ignored(cluster)
    assert_told(warning, bad, f"spec.ingress[0].{row['path']}", row["line"], host())
    assert cluster.policies_for("hep/h") == ()
    assert outcome(ask(cluster)) == "DENY NO_PROFILE_MATCHED"


@pytest.mark.parametrize("row", TABLES["bad-rules"], ids=str)
def test_profile_with_a_bad_rule(row: Mapping[str, Any]) -> None:
    """Its rules turn into a denial, at its place in the list; its labels stay in force."""
    rules = [{"action": "Allow", **row["rule"], "metadata": {}}, ALLOW]
    profile = resource("Profile", "q", {"ingress": rules, "labelsToApply": {"from": "q"}})
    rest = (host(profiles=["q", "projectcalico-default-allow"]), policy([], types=["Egress"], selector="from == 'q'"))
    cluster = stored(profile, *rest)
    (warning,) = ignored(cluster)
    assert_told(warning, profile, f"spec.ingress[0].{row['path']}", row["line"], *rest)
    assert outcome(ask(cluster)) == "DENY MISSING_PROFILE"
    assert cluster.policies_for("hep/h") == (("default", ("GlobalNetworkPolicy//p",)),)


@pytest.mark.parametrize("rule", TABLES["good-rules"], ids=str)
def test_policy_with_a_good_rule(rule: Mapping[str, object]) -> None:
    cluster = stored(policy([{"action": "Log", **rule}, ALLOW]), host())
    assert ignored(cluster) == []
    assert outcome(ask(cluster)) == "ALLOW RULE"


@pytest.mark.parametrize("rule", TABLES["good-rules"], ids=str)
def test_profile_with_a_good_rule(rule: Mapping[str, object]) -> None:
    profile = resource("Profile", "q", {"ingress": [{"action": "Log", **rule}, ALLOW]})
    cluster = stored(profile, host(profiles=["q"]))
    assert ignored(cluster) == []
    assert outcome(ask(cluster)) == "ALLOW PROFILE"


@pytest.mark.parametrize("row", TABLES["bad-policies"], ids=str)
def test_bad_policy(row: Mapping[str, Any]) -> None:
    bad = policy(**row["spec"])
    cluster = stored(bad, host())
    (warning,) = ignored(cluster)
    assert_told(warning, bad, row["path"], row["line"], host())
    assert outcome(ask(cluster)) == "DENY NO_PROFILE_MATCHED"


@pytest.mark.parametrize("spec", TABLES["good-policies"], ids=str)
def test_good_policy(spec: Mapping[str, Any]) -> None:
    cluster = stored(policy(**spec), host())
    assert ignored(cluster) == []
    assert outcome(ask(cluster)) == "ALLOW RULE"


def test_a_dropped_policy_can_open_traffic() -> None:
    """Deny vanishes like everything else."""
    denying = [{"action": "Deny", "protocol": 0}]
    cluster = stored(policy(denying), host(profiles=["projectcalico-default-allow"]))
    assert outcome(ask(cluster)) == "ALLOW PROFILE"


@pytest.mark.parametrize("row", TABLES["bad-host-endpoints"], ids=str)
def test_bad_host_endpoint(row: Mapping[str, Any]) -> None:
    """No endpoint, no policy: the host's own chain decides."""
    bad, other = host(**row["spec"]), resource("HostEndpoint", "z", {"node": "n1", "interfaceName": "eth9"})
    cluster = stored(bad, other)
    (warning,) = ignored(cluster)
    assert_told(warning, bad, row["path"], row["line"], other)
    assert outcome(ask(cluster)) == "NO_POLICY NO_ENDPOINT"


@pytest.mark.parametrize("spec", TABLES["good-host-endpoints"], ids=str)
def test_good_host_endpoint(spec: Mapping[str, Any]) -> None:
    own = resource("Host", "n1", {"interfaces": [{"name": "eth0", "addresses": ["10.0.0.1/24"]}]})
    cluster = stored(host(**spec), {**own, "apiVersion": "calico-engine/v1"})
    assert ignored(cluster) == []
    assert outcome(ask(cluster)) == "DENY NO_PROFILE_MATCHED"


@pytest.mark.parametrize("length", [128, 129])
def test_length_of_profile_names_on_host_endpoints(length: int) -> None:
    cluster = stored(host(profiles=["p" * length]), resource("HostEndpoint", "z", {"node": "n1", "interfaceName": "x"}))
    assert [warning.path for warning in ignored(cluster)] == (["[0].spec.profiles[0]"] if length > 128 else [])
    assert outcome(ask(cluster)) == ("NO_POLICY NO_ENDPOINT" if length > 128 else "DENY MISSING_PROFILE")


@pytest.mark.parametrize("row", TABLES["bad-workload-endpoints"], ids=str)
def test_bad_workload_endpoint(row: Mapping[str, Any]) -> None:
    bad = workload(**row["spec"])
    cluster = stored(bad, host())
    (warning,) = ignored(cluster)
    assert_told(warning, bad, row["path"], row["line"], host())
    assert outcome(ask(cluster, "10.65.0.2", "cali1")) == "DENY UNKNOWN_WORKLOAD_INTERFACE"


@pytest.mark.parametrize("spec", TABLES["good-workload-endpoints"], ids=str)
def test_good_workload_endpoint(spec: Mapping[str, Any]) -> None:
    cluster = stored(workload(**spec), host())
    assert ignored(cluster) == []
    assert outcome(ask(cluster, "10.65.0.2", "cali1")) == "DENY ENDPOINT_TO_HOST_ACTION"


@pytest.mark.parametrize("scope", ["default", "node.n1", "node.n2"])
def test_spoofing_is_the_business_of_the_node(scope: str) -> None:
    """allowSpoofedSourcePrefixes are taken where WorkloadSourceSpoofing is Any, and then nothing is told."""
    configuration = resource("FelixConfiguration", scope, {"workloadSourceSpoofing": "Any"})
    cluster = stored(workload(allowSpoofedSourcePrefixes=["10.0.0.0/8"]), configuration, policy(types=["Ingress"]))
    taken = scope != "node.n2"
    assert [warning.name for warning in ignored(cluster)] == ([] if taken else ["w"])
    action = "ENDPOINT_TO_HOST_ACTION" if taken else "UNKNOWN_WORKLOAD_INTERFACE"
    assert outcome(ask(cluster, "10.1.1.1", "cali1")) == f"DENY {action}"
    if taken:
        assert cluster.policies_for("wep/ns1/w") == (("default", ("GlobalNetworkPolicy//p",)),)


def test_network_sets_lose_what_does_not_parse() -> None:
    nets = ["bogus", "", "10.0.0.0/255.0.0.0", "10.1.2.3/16"]
    sets = resource("GlobalNetworkSet", "s", {"nets": nets}, labels={"set": "s"})
    cluster = stored(sets, host(), policy([{"action": "Allow", "source": {"selector": "set == 's'"}}]))
    assert ignored(cluster) == []
    answers = [outcome(ask(cluster, source)) for source in ("10.1.255.255", "10.0.0.9")]
    assert answers == ["ALLOW RULE", "DENY END_OF_TIER"]


def test_unknown_action_is_told() -> None:
    """Felix would crash on it; the CRD's enum keeps such a rule away."""
    bad = policy([{"action": "Accept"}])
    (warning,) = ignored(stored(bad, host()))
    assert_told(warning, bad, "spec.ingress[0].action", '"action": "Accept"', host())


STRICTER = {
    "long profile name": host(profiles=["p" * 129]),
    "spoofing": workload("n1-k8s-w-eth0", pod="w", endpoint="eth0", allowSpoofedSourcePrefixes=["10.0.0.0/8"]),
}


@pytest.mark.parametrize("document", STRICTER.values(), ids=STRICTER)
def test_what_calicoctl_takes_and_felix_ignores(document: Document) -> None:
    cluster = Cluster.parse(text_of(document), source=SOURCE)
    assert [(warning.kind, warning.file) for warning in ignored(cluster)] == [(document["kind"], SOURCE)]


def test_a_number_as_protocol_of_a_port_is_refused_outright() -> None:
    with pytest.raises(InvalidManifest) as caught:
        Cluster.parse(text_of(host(ports=[{"name": "a", "protocol": 6, "port": 80}])), source=SOURCE)
    assert [error.path for error in caught.value.errors] == ["[0].spec.ports[0].protocol"]


@pytest.mark.parametrize("row", TABLES["laxer"], ids=str)
def test_where_felix_is_laxer(row: Mapping[str, Any]) -> None:
    odd = resource("HostEndpoint", "odd", {"node": "n2", "expectedIPs": ["10.0.0.7"]}, labels={"odd": "two words"})
    own = host(expectedIPs=["10.0.0.1"], ports=[{"name": "NO_name", "protocol": "TCP", "port": 8080}])
    cluster = stored(policy([row["rule"]], selector="has(host)"), own, odd)
    assert ignored(cluster) == []
    expected = dict.fromkeys(row.get("allows", []), "ALLOW RULE")
    expected |= dict.fromkeys(row.get("denies", []), "DENY END_OF_TIER")
    assert {source: outcome(ask(cluster, source)) for source in expected} == expected
