"""What Calico's installation leaves in a cluster: pools, and the two configurations named `default`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calico_engine.resources import API_VERSION
from calico_engine.synthesis.addresses import AddressPlan
from calico_engine.synthesis.identities import Manifest, metadata

#: How calico/node cuts its default pools (node/pkg/lifecycle/startup/startup.go).
_BLOCK_SIZES = {4: 26, 6: 122}


def ip_pool(plan: AddressPlan, seed: int) -> Manifest:
    """The default pool of one family; with IPIP, which exists for IPv4 only."""
    version = plan.pods.version
    return _object(
        "IPPool",
        f"default-ipv{version}-ippool",
        {
            "blockSize": max(_BLOCK_SIZES[version], plan.pods.prefixlen),
            "cidr": str(plan.pods),
            "ipipMode": "Always" if version == 4 else "Never",
            "natOutgoing": version == 4,
            "nodeSelector": "all()",
            "vxlanMode": "Never",
        },
        seed,
    )


def configurations(*, auto_host_endpoints: bool, seed: int) -> Sequence[Manifest]:
    """kube-controllers' configuration and Felix's."""
    controllers = {"node": {"hostEndpoint": {"autoCreate": "Enabled" if auto_host_endpoints else "Disabled"}}}
    felix = {"floatingIPs": "Disabled", "logSeverityScreen": "Info", "reportingInterval": "0s"}
    return (
        _object("KubeControllersConfiguration", "default", {"controllers": controllers}, seed),
        _object("FelixConfiguration", "default", felix, seed),
    )


def _object(kind: str, name: str, spec: Mapping[str, object], seed: int) -> Manifest:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata(seed, kind, name), "spec": dict(spec)}
