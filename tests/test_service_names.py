"""Services as people name them."""

from __future__ import annotations

import pytest

from calico_engine.analysis.connections.services import SERVICE_NAMES, parse_service

NAMES = {
    "tcp/22": "ssh",
    "udp/53": "dns",
    "udp/67": "dhcp",
    "tcp/80": "http",
    "udp/123": "ntp",
    "tcp/179": "bgp",
    "tcp/443": "https",
    "tcp/2379": "etcd etcd-client",
    "tcp/2380": "etcd-peer",
    "udp/4789": "vxlan",
    "tcp/5473": "typha calico-typha",
    "tcp/6443": "kube-apiserver kubernetes-api",
    "tcp/9099": "calico-felix-health",
    "tcp/9100": "node-exporter",
    "tcp/10250": "kubelet",
    "tcp/10256": "kube-proxy-health",
    "tcp/10257": "kube-controller-manager",
    "tcp/10259": "kube-scheduler",
    "udp/51820": "wireguard",
}


@pytest.mark.parametrize("service", NAMES)
def test_a_name_is_a_protocol_and_a_port(service: str) -> None:
    for name in NAMES[service].split():
        assert str(parse_service(name)) == str(parse_service(name.upper())) == service


def test_there_are_no_other_names() -> None:
    assert set(SERVICE_NAMES) == {name for names in NAMES.values() for name in names.split()}
