"""What kubelet and kubeadm put on a node, release by release: labels and taints.

Kubernetes' facts, not Calico's. Labels: role `master` up to 1.23, `control-plane` since 1.20 (KEP-2067), and
control-plane nodes are kept from load balancers since 1.21. Workers get no role.
"""

from __future__ import annotations

import re

from calico_engine.errors import quoted
from calico_engine.frozen import frozen

_NAME = re.compile(r"kubeadm-1\.([0-9]{1,2})", re.ASCII)
#: Since then kubelet labels nodes `kubernetes.io/arch` and `/os`.
_OLDEST = 14
_MASTER, _CONTROL_PLANE = "node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"
_NO_LOAD_BALANCER = "node.kubernetes.io/exclude-from-external-load-balancers"
_ARCH, _OS = "amd64", "linux"
_ZONE_END = re.compile(r"-?[a-z]$")


@frozen
class Platform:
    """Kubernetes 1.`minor` as kubeadm sets it up.

    >>> sorted(Platform.parse("kubeadm-1.20").role_labels())
    ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']
    """

    minor: int

    @classmethod
    def parse(cls, name: str) -> Platform:
        """Read `kubeadm-1.24`. ValueError saying what there is."""
        match = _NAME.fullmatch(name)
        if match is None or int(match[1]) < _OLDEST:
            wanted = f"kubeadm-1.N with N from {_OLDEST} on, such as kubeadm-1.18, kubeadm-1.20 or kubeadm-1.24"
            raise ValueError(f"platform must be {wanted}, not {quoted(name)}")
        return cls(int(match[1]))

    @property
    def kubelet_version(self) -> str:
        return f"v1.{self.minor}.0"

    @property
    def names_namespaces(self) -> bool:
        """Whether the API server labels each namespace with its name."""
        return self.minor >= 21

    def node_labels(self, name: str, *, is_master: bool, zone: str) -> dict[str, str]:
        """Labels of a node. The `beta` ones are deprecated, and no release is known to have stopped setting them."""
        labels = {f"{prefix}kubernetes.io/{key}": value for prefix in ("", "beta.") for key, value in _MACHINE.items()}
        labels["kubernetes.io/hostname"] = name
        return labels | (self.role_labels() if is_master else {}) | (_zone_labels(zone) if zone else {})

    def role_labels(self) -> dict[str, str]:
        """What tells a control-plane node from a worker."""
        since = ((_CONTROL_PLANE, 20, 99), (_MASTER, 0, 23), (_NO_LOAD_BALANCER, 21, 99))
        return {label: "" for label, first, last in since if first <= self.minor <= last}

    def taints(self) -> list[dict[str, str]]:
        """What keeps pods off control-plane nodes: for one release under both names."""
        keys = ((_CONTROL_PLANE, 24, 99), (_MASTER, 0, 24))
        return [{"effect": "NoSchedule", "key": key} for key, first, last in keys if first <= self.minor <= last]


_MACHINE = {"arch": _ARCH, "os": _OS}


def _zone_labels(zone: str) -> dict[str, str]:
    """What a cloud provider adds, under today's name and the one before it."""
    region = _ZONE_END.sub("", zone) or zone
    prefixes = ("topology.kubernetes.io", "failure-domain.beta.kubernetes.io")
    return {f"{prefix}/{key}": value for prefix in prefixes for key, value in (("zone", zone), ("region", region))}
