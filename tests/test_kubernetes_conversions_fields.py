"""Single fields of converted objects: times, quantities, quality of service, numbers and addresses in annotations."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from calico_engine.controllers.kubernetes.annotations import (
    Interface,
    InvalidAnnotation,
    read_interfaces,
    read_text_map,
    read_texts,
    write_text_map,
)
from calico_engine.controllers.kubernetes.conversion import API_VERSIONS, convert, convert_for_etcd
from calico_engine.controllers.kubernetes.identity import convert_uid
from calico_engine.controllers.kubernetes.ports import InvalidPort, port_from_text
from calico_engine.controllers.kubernetes.quality_of_service import quality_of_service
from calico_engine.controllers.kubernetes.quantities import quantity_value
from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible, WrongType

UID = "30316465-6365-4463-ad63-3564622d3638"
QOS = "qos.projectcalico.org/"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.987654321Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+01:30", "2024-01-02T01:34:05Z"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))), "2024-01-02T02:04:05Z"),
        (datetime.fromisoformat("2024-01-02T03:04:05"), "2024-01-02T03:04:05Z"),
        ("0001-01-01T00:00:00Z", ""),
        (None, ""),
    ],
)
def test_times_are_printed_in_utc(written: object, printed: str) -> None:
    assert Struct({"t": written}).time("t") == printed


@pytest.mark.parametrize("written", ["", "2024-01-02", "2024-13-02T03:04:05Z", "2024-01-02T23:59:60Z", 7, ["a"]])
def test_what_is_no_time_is_a_wrong_type(written: object) -> None:
    with pytest.raises(WrongType, match=r"^t: must be a time"):
        Struct({"t": written}).time("t")


@pytest.mark.parametrize(
    ("value", "number"),
    [(None, None), (0, 0), (80.0, 80), (2**31 - 1, 2**31 - 1), (-(2**31), -(2**31))],
)
def test_numbers(value: object, number: int | None) -> None:
    assert Struct({"n": value}).number("n") == number


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 80.5, float("nan"), float("inf"), True, "80", [80]])
def test_what_is_no_number_is_a_wrong_type(value: object) -> None:
    with pytest.raises(WrongType, match=r"^n: must be a whole number"):
        Struct({"n": value}).number("n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1k", 1000),
        ("1Ki", 1024),
        ("1.5Gi", 1610612736),
        ("1e3", 1000),
        ("1E3", 1000),
        ("2E", 2 * 10**18),
        ("1500m", 2),
        ("1n", 1),
        ("-5", -5),
        ("+5.", 5),
        (".5k", 500),
        ("1e100", 2**63 - 1),
        ("9" * 90, 2**63 - 1),
        ("1e-99999999999999", 1),
    ],
)
def test_quantities(text: str, value: int) -> None:
    assert quantity_value(text) == value


@pytest.mark.parametrize("text", ["", "bad", "1K", "1kk", "1e", "e3", "1 k", "١", "1ki", "1x3", "9" * 5000, ".", "1,5"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        quantity_value(text)


@pytest.mark.parametrize(
    ("annotations", "controls"),
    [
        ({}, {}),
        ({f"{QOS}ingressBandwidth": "2G"}, {"ingressBandwidth": 2 * 10**9, "ingressBurst": 2**32}),
        ({"kubernetes.io/egress-bandwidth": "1M"}, {"egressBandwidth": 10**6, "egressBurst": 2**32}),
        ({"kubernetes.io/egress-bandwidth": "1M", f"{QOS}egressBandwidth": "bad"}, {}),
        ({f"{QOS}ingressBandwidth": "1"}, {"ingressBandwidth": 1000, "ingressBurst": 2**32}),
        ({f"{QOS}ingressBurst": "1M"}, {}),
        (
            {f"{QOS}egressBandwidth": "1M", f"{QOS}egressBurst": "1T"},
            {"egressBandwidth": 10**6, "egressBurst": 34359738360},
        ),
        (
            {f"{QOS}egressBandwidth": "1M", f"{QOS}egressPeakrate": "2M", f"{QOS}egressMinburst": "2k"},
            {"egressBandwidth": 10**6, "egressBurst": 2**32, "egressPeakrate": 2 * 10**6, "egressMinburst": 2000},
        ),
        (
            {f"{QOS}egressBandwidth": "1M", f"{QOS}egressPeakrate": "1M", f"{QOS}egressMinburst": "2k"},
            {"egressBandwidth": 10**6, "egressBurst": 2**32},
        ),
        ({f"{QOS}ingressPacketRate": "20k"}, {"ingressPacketRate": 10**4, "ingressPacketBurst": 5}),
        ({f"{QOS}ingressPacketBurst": "7"}, {}),
        ({f"{QOS}egressMaxConnections": "5"}, {"egressMaxConnections": 5}),
        ({f"{QOS}dscp": "46"}, {"dscp": 46}),
        ({f"{QOS}dscp": "ef"}, {"dscp": "EF"}),
        ({f"{QOS}dscp": "64"}, {}),
        ({f"{QOS}dscp": "bad"}, {}),
    ],
)
def test_quality_of_service(annotations: dict[str, str], controls: dict[str, object]) -> None:
    assert quality_of_service(annotations) == controls


@pytest.mark.parametrize(
    ("text", "texts"), [("[]", ()), ("null", ()), ('["a"]', ("a",)), ('[null, "\\ud800"]', ("", "\ufffd"))]
)
def test_lists_in_annotations(text: str, texts: tuple[str, ...]) -> None:
    assert read_texts(text) == texts


@pytest.mark.parametrize("text", ["", "bad", "{}", '"a"', "[1]", "[NaN]", '["a"] x', '["a",]', "[" * 9999, "\ufeff[]"])
def test_what_is_no_list_of_texts(text: str) -> None:
    with pytest.raises(InvalidAnnotation):
        read_texts(text)


@pytest.mark.parametrize("text", ["", "[]", '{"a":1}', '{"a":{}}', '{"a":"b"', "7"])
def test_what_is_no_map_of_texts(text: str) -> None:
    with pytest.raises(InvalidAnnotation):
        read_text_map(text)


@pytest.mark.parametrize(
    ("text", "interfaces"),
    [
        ("[null]", (Interface("", ()),)),
        ('[{"Name":"a","ADDRESSES":["b"],"x":[1]}]', (Interface("a", ("b",)),)),
        ('[{"name":"a","name":"b","addresses":null}]', (Interface("b", ()),)),
    ],
)
def test_interfaces_in_annotations(text: str, interfaces: tuple[Interface, ...]) -> None:
    assert read_interfaces(text) == interfaces


def test_labels_are_written_as_go_writes_them() -> None:
    assert write_text_map({"b": '<&>"\\', "a": "\x00\t\u2028é"}) == (
        '{"a":"\\u0000\\t\\u2028é","b":"\\u003c\\u0026\\u003e\\"\\\\"}'
    )
    assert (write_text_map({}), write_text_map(None)) == ("{}", "null")


@pytest.mark.parametrize(
    ("uid", "reason"),
    [
        ("", "invalid UUID length: 0"),
        ("é" * 16, "invalid UUID format"),
        (UID.replace("-", "x"), "invalid UUID format"),
        ("{" + UID, "invalid UUID length: 37"),
        ("urn:uuix:" + UID, 'invalid urn prefix: "urn:uuix:"'),
        ("g" * 32, "invalid UUID format"),
    ],
)
def test_uids_that_are_none(uid: str, reason: str) -> None:
    with pytest.raises(Unconvertible) as error:
        convert_uid(uid)
    assert str(error.value) == f"failed to parse UID for resource: {reason}"


@pytest.mark.parametrize("form", ["{}", "urn:uuid:{}", "URN:UUID:{}", "({})", "{{{}}}"])
def test_forms_of_a_uid(form: str) -> None:
    assert convert_uid(convert_uid(form.format(UID))) == UID
    assert convert_uid(UID.replace("-", "")) == convert_uid(UID)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("65536", "invalid port format (65536)"),
        ("65536:70000", "invalid minimum port number in range (65536:70000)"),
        ("1:65536", "invalid maximum port number in range (1:65536)"),
        ("90:80", "minimum port number (90) is greater than maximum port number (80) in port range"),
        ("80\n", "invalid name for named port (80\n)"),
        ("١", "invalid name for named port (١)"),
    ],
)
def test_ports_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(InvalidPort) as error:
        port_from_text(text)
    assert str(error.value) == reason


def node_of(annotations: dict[str, str]) -> Any:
    prefixed = {f"projectcalico.org/{name}": text for name, text in annotations.items()}
    return convert({"kind": "Node", "metadata": {"name": "n1", "annotations": prefixed}}).resources[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("4294967295", 4294967295),
        ("1.1", 65537),
        ("0.65535", 65535),
        ("4294967296", None),
        ("1.65536", None),
        ("+1", None),
        ("1.2.3", None),
        ("", None),
        (".1", None),
    ],
)
def test_as_numbers(text: str, number: int | None) -> None:
    assert node_of({"ASNumber": text})["spec"].get("bgp", {}).get("asNumber") == number


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("00:11:22:33:44:55", True),
        ("00-11-22-33-44-5F", True),
        ("0011.2233.4455", True),
        ("00:11:22:33:44:55:66:77", True),
        ("0011.2233.4455.6677", True),
        (":".join(["ab"] * 20), True),
        ("00:11-22:33:44:55", False),
        ("00:11:22:33:44", False),
        ("00:11:22:33:44:55:66", False),
        ("001122334455", False),
        ("0:11:22:33:44:55", False),
    ],
)
def test_mac_addresses(text: str, valid: bool) -> None:
    spec = node_of({"VXLANTunnelMACAddr": text, "VXLANTunnelMACAddrV6": text})["spec"]
    assert (spec.get("vxlanTunnelMACAddr"), spec.get("vxlanTunnelMACAddrV6")) == (
        (text, text) if valid else (None, None)
    )


def test_annotations_of_calico_are_taken_over() -> None:
    assert node_of({"annotations": '{"a":"b"}'})["metadata"]["annotations"]["a"] == "b"


@pytest.mark.parametrize(
    ("cidr", "address"),
    [
        ("10.0.0.255/24", "10.0.0.0"),
        ("10.0.0.1/32", "10.0.0.2"),
        ("::ffff:10.0.0.1/104", "10.0.0.2"),
        ("fd00::/64", None),
    ],
)
def test_the_first_address_of_a_pod_cidr(cidr: str, address: str | None) -> None:
    node: Any = convert({"kind": "Node", "spec": {"podCIDR": cidr}}, use_pod_cidr=True).resources[0]
    assert node["spec"].get("bgp", {}).get("ipv4IPIPTunnelAddr") == address


#: Where the addresses of a pod may stand, the one that counts first.
POD_ADDRESSES: list[tuple[str, str, object, list[str]]] = [
    ("status", "podIPs", [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], ["10.0.0.1/32", "fd00::1/128"]),
    ("status", "podIP", "10.0.0.2", ["10.0.0.2/32"]),
    ("annotations", "cni.projectcalico.org/podIPs", "10.0.0.3,fd00::3", ["10.0.0.3/32", "fd00::3/128"]),
    ("annotations", "cni.projectcalico.org/podIP", "10.0.0.4", ["10.0.0.4/32"]),
    ("annotations", "vpc.amazonaws.com/pod-ips", "10.0.0.5,10.0.0.6", ["10.0.0.5/32", "10.0.0.6/32"]),
]


@pytest.mark.parametrize("given", [*product((False, True), repeat=len(POD_ADDRESSES))][1:], ids=str)
def test_the_first_source_of_a_pods_addresses_counts(given: tuple[bool, ...]) -> None:
    sources = [source for source, is_given in zip(POD_ADDRESSES, given, strict=True) if is_given]
    fields: dict[str, dict[str, object]] = {"status": {}, "annotations": {}}
    for where, name, value, _ in sources:
        fields[where][name] = value
    metadata = {"name": "p", "namespace": "ns", "uid": UID, "annotations": fields["annotations"]}
    pod = {"kind": "Pod", "metadata": metadata, "spec": {"nodeName": "n"}, "status": fields["status"]}
    found: Any = convert(pod).resources[0]
    assert found["spec"]["ipNetworks"] == sources[0][3]


@pytest.mark.parametrize("kind", sorted(API_VERSIONS))
def test_every_kind_has_one_version(kind: str) -> None:
    obj = {"kind": kind, "metadata": {"name": "a", "uid": UID}, "spec": {"nodeName": "n"}}
    assert convert(obj | {"apiVersion": API_VERSIONS[kind]}).error is None
    assert convert(obj | {"apiVersion": "projectcalico.org/v3"}).resources == ()


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({}, "kind is missing"),
        ({"kind": "Deployment"}, "Deployment is no kind that Calico converts"),
        ({"kind": "AdminNetworkPolicy"}, "ClusterNetworkPolicy has replaced it"),
        ({"kind": "BaselineAdminNetworkPolicy"}, "ClusterNetworkPolicy has replaced it"),
        ({"kind": 7}, "kind: must be text"),
        (7, "the object: must be a mapping"),
        ({"kind": "NetworkPolicy", "spec": {"ingress": [{"from": {}}]}}, "spec.ingress[0].from: must be a list"),
        ({"kind": "Namespace", "metadata": {"labels": {"a": 1}}}, "metadata.labels.a: must be text"),
    ],
)
def test_what_is_not_converted(obj: Any, message: str) -> None:
    conversion = convert(obj)
    assert message in (conversion.error or "")
    assert (conversion.resources, conversion.keys) == ((), ())


@pytest.mark.parametrize(
    ("obj", "kind"),
    [
        ({"spec": {"podSelector": {}}}, "KubernetesNetworkPolicy"),
        ({"spec": {"subject": {}}}, "KubernetesClusterNetworkPolicy"),
        ({"spec": {"nodeName": "a"}, "metadata": {"name": "b"}}, "WorkloadEndpoint"),
        ({"status": {"nodeInfo": {}}}, "Node"),
        ({"status": {"phase": "Active"}}, "Profile"),
        ({"secrets": [{"name": "a"}]}, "Profile"),
    ],
)
def test_an_object_without_a_kind_is_known_by_its_fields(obj: dict[str, object], kind: str) -> None:
    assert [key[0] for key in convert(obj, require_uid=False).keys] == [kind]


@pytest.mark.parametrize(
    ("obj", "keys"),
    [
        ({"kind": "Namespace", "metadata": {"name": "a", "uid": UID}}, (("Profile", "", "kns.a"),)),
        ({"kind": "ServiceAccount", "metadata": {"name": "a", "uid": UID}}, (("Profile", "", "ksa.default.a"),)),
        ({"kind": "Node", "metadata": {"name": "a"}}, ()),
        ({"kind": "ClusterNetworkPolicy", "metadata": {"name": "a"}, "spec": {"tier": "Admin"}}, ()),
        (
            {"kind": "Pod", "metadata": {"name": "a", "namespace": "b"}, "spec": {"nodeName": "n"}},
            (("WorkloadEndpoint", "b", "n-k8s-a-eth0"),),
        ),
    ],
)
def test_with_etcd_fewer_kinds_are_converted(obj: dict[str, object], keys: tuple[object, ...]) -> None:
    conversion = convert_for_etcd(obj)
    assert (conversion.keys, conversion.error) == (keys, None)
