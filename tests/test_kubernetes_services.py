"""EndpointSlices as members of services, and the defaults that an API server gives to manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from calico_engine.controllers.kubernetes.api_server import with_api_server_defaults
from calico_engine.controllers.kubernetes.conversion import convert
from calico_engine.controllers.kubernetes.services import ServiceIndex, ServiceMembers, service_index
from calico_engine.packets import SCTP, TCP, UDP, format_address, parse_address

NAME = "kubernetes.io/service-name"


def endpoint_slice(addresses: list[str], ports: list[dict[str, Any]], service: str = "s") -> dict[str, Any]:
    metadata = {"namespace": "ns", "name": "any", "labels": {NAME: service}}
    return {"metadata": metadata, "endpoints": [{"addresses": addresses}], "ports": ports}


def members(index: ServiceIndex, name: str = "s") -> tuple[list[str], list[str]]:
    """(addresses, `address:protocol:port`) as text, sorted."""
    found = index.of("ns", name)
    addresses = sorted(format_address(address, version) for version, address in found.addresses)
    ports = sorted(f"{format_address(a, v)}:{protocol}:{port}" for (v, a), protocol, port in found.ports)
    return addresses, ports


@pytest.mark.parametrize(
    ("addresses", "ports", "expected"),
    [
        ([], [{"port": 80}], ([], [])),
        (["10.0.0.1"], [{"port": 80}], (["10.0.0.1"], [f"10.0.0.1:{TCP}:80"])),
        (["10.0.0.1"], [], (["10.0.0.1"], [])),
        (["10.0.0.1"], [{"name": "all"}], (["10.0.0.1"], [])),
        (["10.0.0.1"], [{"port": 53, "protocol": "UDP"}], (["10.0.0.1"], [f"10.0.0.1:{UDP}:53"])),
        (["10.0.0.1"], [{"port": 9, "protocol": "SCTP"}], (["10.0.0.1"], [f"10.0.0.1:{SCTP}:9"])),
        (["10.0.0.1"], [{"port": 9, "protocol": "udp"}], (["10.0.0.1"], [f"10.0.0.1:{TCP}:9"])),
        (["fd00::1"], [{"port": 0}], (["fd00::1"], [f"fd00::1:{TCP}:0"])),
        (["10.0.0.1"], [{"port": 65536 + 80}], (["10.0.0.1"], [f"10.0.0.1:{TCP}:80"])),
        (["example.com", "10.0.0.0/24", "10.0.0.1/32", "10.0.0.1"], [], (["10.0.0.1"], [])),
        (["::ffff:10.0.0.1"], [], (["10.0.0.1"], [])),
    ],
)
def test_members_of_one_slice(addresses: list[str], ports: list[dict[str, Any]], expected: object) -> None:
    assert members(service_index([endpoint_slice(addresses, ports)])) == expected


def test_every_port_goes_with_every_address() -> None:
    index = service_index([endpoint_slice(["10.0.0.1", "10.0.0.2"], [{"port": 80}, {"port": 443}])])
    assert len(index.of("ns", "s").ports) == 4


def test_slices_of_one_service_add_up_and_others_stay_apart() -> None:
    slices = [
        endpoint_slice(["10.0.0.1"], [{"port": 80}]),
        endpoint_slice(["10.0.0.1", "10.0.0.2"], [{"port": 81}]),
        endpoint_slice(["10.0.0.3"], [{"port": 80}], service="other"),
    ]
    index = service_index(slices)
    assert members(index) == (["10.0.0.1", "10.0.0.2"], ["10.0.0.1:6:80", "10.0.0.1:6:81", "10.0.0.2:6:81"])
    assert members(index, "other") == (["10.0.0.3"], ["10.0.0.3:6:80"])
    assert index.of("elsewhere", "s") == index.of("ns", "unknown") == ServiceMembers()


def test_readiness_is_not_looked_at() -> None:
    unready = endpoint_slice(["10.0.0.1"], [])
    unready["endpoints"][0]["conditions"] = {"ready": False, "serving": False, "terminating": True}
    assert service_index([unready]).of("ns", "s").addresses == {parse_address("10.0.0.1")}


def test_a_slice_without_a_service_belongs_to_none() -> None:
    assert service_index([{"endpoints": [{"addresses": ["10.0.0.1"]}]}]) == ServiceIndex()


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"endpoints": {}}, "endpoints"),
        ({"endpoints": [{"addresses": [1]}]}, "endpoints[0].addresses[0]"),
        ({"ports": [{"port": "80"}]}, "ports[0].port"),
        ({"metadata": {"labels": {NAME: 7}}}, f"metadata.labels.{NAME}"),
    ],
)
def test_a_wrong_slice_is_named_and_spoils_no_other(wrong: Mapping[str, object], path: str) -> None:
    index = service_index([endpoint_slice(["10.0.0.1"], []), {**endpoint_slice(["10.0.0.2"], []), **wrong}])
    assert members(index) == (["10.0.0.1"], [])
    ((position, message),) = index.errors
    assert position == 1 and message.startswith(f"{path}: must be ")


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        ({"kind": "NetworkPolicy", "spec": {}}, {"policyTypes": ["Ingress"]}),
        ({"kind": "NetworkPolicy", "spec": {"egress": []}}, {"policyTypes": ["Ingress"], "egress": []}),
        ({"kind": "NetworkPolicy", "spec": {"egress": [{}]}}, {"policyTypes": ["Ingress", "Egress"], "egress": [{}]}),
        ({"kind": "NetworkPolicy", "spec": {"policyTypes": ["Egress"]}}, {"policyTypes": ["Egress"]}),
        ({"kind": "Pod"}, {"serviceAccountName": "default"}),
        ({"kind": "Pod", "spec": {"serviceAccountName": "a"}}, {"serviceAccountName": "a"}),
    ],
)
def test_what_the_api_server_fills_in(obj: Mapping[str, object], expected: Mapping[str, object]) -> None:
    defaulted = with_api_server_defaults(obj)
    assert (defaulted["spec"], defaulted["metadata"]) == (expected, {"namespace": "default"})


def test_pods_of_a_node_have_no_account() -> None:
    pod = {"kind": "Pod", "metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}}
    assert "spec" not in with_api_server_defaults(pod)


def test_a_namespace_is_labelled_with_its_name() -> None:
    namespace = {"kind": "Namespace", "metadata": {"name": "a", "labels": {"b": "c"}}}
    assert with_api_server_defaults(namespace)["metadata"] == {
        "name": "a",
        "labels": {"b": "c", "kubernetes.io/metadata.name": "a"},
    }


def test_egress_rules_of_a_bare_manifest_act_only_with_the_defaults() -> None:
    bare: dict[str, Any] = {"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"egress": [{}]}}
    as_written: Any = convert(bare).resources[0]
    as_stored: Any = convert(with_api_server_defaults(bare)).resources[0]
    assert (as_written["spec"]["types"], as_stored["spec"]["types"]) == (["Ingress"], ["Ingress", "Egress"])
    assert as_stored["metadata"]["namespace"] == "default"
