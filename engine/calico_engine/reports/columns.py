"""The columns of calicoctl's tables, for each kind, and what stands in their cells.

Objects are taken as `get -o json` shows them. Source: calicoctl/calicoctl/resourcemgr/*.go, the templates that
`registerResource` is given (spec resources 2.1, 12.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from calico_engine.frozen import frozen
from calico_engine.manifests.go_numbers import go_float64_text
from calico_engine.reports.go_text import go_text, joined, label_selector_text
from calico_engine.resources.bgp import parse_as_number

Json = Mapping[str, object]
#: The object, and the AS number of nodes that do not give their own.
Cell = Callable[[Json, str], str]

_NETS_LIMIT = 80
_MISSING = "<nil>"


@frozen
class KindColumns:
    """Which headings a table has, narrow and wide, and a cell for each heading that there is at all."""

    narrow: tuple[str, ...]
    wide: tuple[str, ...]
    cells: Mapping[str, Cell]


def _at(obj: Json, *path: str) -> object:
    value: object = obj
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text(*path: str, empty: str = "") -> Cell:
    def cell(obj: Json, _: str) -> str:
        value = _at(obj, *path)
        return empty if value is None or value == "" else go_text(value)

    return cell


def _list(*path: str, limit: int = 0) -> Cell:
    return lambda obj, _: joined(_at(obj, *path), limit)


def _order(obj: Json, _: str) -> str:
    value = _at(obj, "spec", "order")
    return go_float64_text(float(value)) if isinstance(value, int | float) else _MISSING


def _workload(obj: Json, _: str) -> str:
    return go_text(_at(obj, "spec", "workload") or _at(obj, "spec", "pod") or "")


def _pod_selector(obj: Json, _: str) -> str:
    return label_selector_text(_at(obj, "spec", "podSelector"))


def _as_number(obj: Json, default: str) -> str:
    """A node without BGP has none; one that leaves it open has the cluster's, in parentheses."""
    if _at(obj, "spec", "bgp") is None:
        return ""
    own = _at(obj, "spec", "bgp", "asNumber")
    return f"({default})" if own is None else go_text(own)


def _peer_as_number(obj: Json, _: str) -> str:
    return str(parse_as_number(_at(obj, "spec", "asNumber") or 0))


def _peer_node(obj: Json, _: str) -> str:
    return go_text(_at(obj, "spec", "node") or _at(obj, "spec", "nodeSelector") or "(global)")


_NAME = {"NAME": _text("metadata", "name")}
_NAMESPACE = {"NAMESPACE": _text("metadata", "namespace")}
_POLICY = {**_NAME, "TIER": _text("spec", "tier"), "ORDER": _order, "SELECTOR": _text("spec", "selector")}


def _columns(narrow: str, wide: str, cells: Mapping[str, Cell]) -> KindColumns:
    return KindColumns(tuple(narrow.split()), tuple(wide.split()), cells)


_GLOBAL_POLICY = _columns("NAME TIER", "NAME TIER ORDER SELECTOR", _POLICY)
_NAMESPACED_POLICY = _columns("NAME TIER", "NAME TIER ORDER SELECTOR", {**_POLICY, **_NAMESPACE})
_NETS = {**_NAME, "NETS": _list("spec", "nets", limit=_NETS_LIMIT)}
_NAME_ONLY = _columns("NAME", "NAME", _NAME)

COLUMNS: Mapping[str, KindColumns] = {
    "HostEndpoint": _columns(
        "NAME NODE",
        "NAME NODE INTERFACE IPS PROFILES",
        {
            **_NAME,
            "NODE": _text("spec", "node"),
            "INTERFACE": _text("spec", "interfaceName"),
            "IPS": _list("spec", "expectedIPs"),
            "PROFILES": _list("spec", "profiles"),
        },
    ),
    "GlobalNetworkPolicy": _GLOBAL_POLICY,
    "NetworkPolicy": _NAMESPACED_POLICY,
    "StagedGlobalNetworkPolicy": _GLOBAL_POLICY,
    "StagedNetworkPolicy": _NAMESPACED_POLICY,
    "StagedKubernetesNetworkPolicy": _columns(
        "NAME", "NAME PODSELECTOR", {**_NAME, **_NAMESPACE, "PODSELECTOR": _pod_selector}
    ),
    "Tier": _columns("NAME ORDER", "NAME ORDER", {**_NAME, "ORDER": _order}),
    "GlobalNetworkSet": _columns("NAME", "NAME NETS", _NETS),
    "NetworkSet": _columns("NAME", "NAME NETS", {**_NETS, **_NAMESPACE}),
    "Profile": _columns("NAME", "NAME LABELS", {**_NAME, "LABELS": _list("spec", "labelsToApply")}),
    "WorkloadEndpoint": _columns(
        "WORKLOAD NODE NETWORKS INTERFACE",
        "NAME WORKLOAD NODE NETWORKS INTERFACE PROFILES NATS",
        {
            **_NAME,
            **_NAMESPACE,
            "NODE": _text("spec", "node"),
            "ORCHESTRATOR": _text("spec", "orchestrator"),
            "WORKLOAD": _workload,
            "NETWORKS": _list("spec", "ipNetworks"),
            "NATS": _list("spec", "ipNATs"),
            "PROFILES": _list("spec", "profiles"),
            "INTERFACE": _text("spec", "interfaceName"),
        },
    ),
    "Node": _columns(
        "NAME",
        "NAME ASN IPV4 IPV6",
        {
            **_NAME,
            "ASN": _as_number,
            "IPV4": _text("spec", "bgp", "ipv4Address"),
            "IPV6": _text("spec", "bgp", "ipv6Address"),
        },
    ),
    "IPPool": _columns(
        "NAME CIDR SELECTOR",
        "NAME CIDR NAT IPIPMODE VXLANMODE DISABLED DISABLEBGPEXPORT SELECTOR ASSIGNMENTMODE",
        {
            **_NAME,
            "CIDR": _text("spec", "cidr"),
            "NAT": _text("spec", "natOutgoing", empty="false"),
            "IPIPMODE": _text("spec", "ipipMode", empty="Never"),
            "VXLANMODE": _text("spec", "vxlanMode", empty="Never"),
            "DISABLED": _text("spec", "disabled", empty="false"),
            "DISABLEBGPEXPORT": _text("spec", "disableBGPExport", empty="false"),
            "SELECTOR": _text("spec", "nodeSelector"),
            "ASSIGNMENTMODE": _text("spec", "assignmentMode", empty=_MISSING),
        },
    ),
    "FelixConfiguration": _NAME_ONLY,
    "KubeControllersConfiguration": _NAME_ONLY,
    "BGPConfiguration": _columns(
        "NAME LOGSEVERITY MESHENABLED ASNUMBER",
        "NAME LOGSEVERITY MESHENABLED ASNUMBER",
        {
            **_NAME,
            "LOGSEVERITY": _text("spec", "logSeverityScreen"),
            "MESHENABLED": _text("spec", "nodeToNodeMeshEnabled", empty="-"),
            "ASNUMBER": _text("spec", "asNumber", empty="-"),
        },
    ),
    "BGPFilter": _NAME_ONLY,
    "BGPPeer": _columns(
        "NAME PEERIP NODE ASN",
        "NAME PEERIP NODE ASN",
        {**_NAME, "PEERIP": _text("spec", "peerIP"), "NODE": _peer_node, "ASN": _peer_as_number},
    ),
    "ClusterInformation": _columns(
        "NAME CLUSTERGUID CLUSTERTYPE CALICOVERSION DATASTOREREADY",
        "NAME CLUSTERGUID CLUSTERTYPE CALICOVERSION DATASTOREREADY",
        {
            **_NAME,
            "CLUSTERGUID": _text("spec", "clusterGUID"),
            "CLUSTERTYPE": _text("spec", "clusterType"),
            "CALICOVERSION": _text("spec", "calicoVersion"),
            "DATASTOREREADY": _text("spec", "datastoreReady", empty=_MISSING),
        },
    ),
    "IPReservation": _columns(
        "NAME", "NAME CIDRS", {**_NAME, "CIDRS": _list("spec", "reservedCIDRs", limit=_NETS_LIMIT)}
    ),
    "Host": _NAME_ONLY,
}
