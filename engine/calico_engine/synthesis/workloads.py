"""What runs on the cluster: namespaces, service accounts, and pods with addresses out of their nodes' blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calico_engine.frozen import frozen
from calico_engine.synthesis.addresses import AddressPlan
from calico_engine.synthesis.identities import Manifest, digest, metadata, numbered_suffix, random_of, suffix
from calico_engine.synthesis.nodes import NodePlan
from calico_engine.synthesis.platforms import Platform


@frozen
class _Application:
    """A deployment: `ports` are (name, protocol, number). The service account has its name."""

    name: str
    tier: str
    ports: tuple[tuple[str, str, int], ...]
    share: int = 1  # how often it occurs, among the others


_SHOP = (
    _Application("frontend", "web", (("http", "TCP", 8080), ("metrics", "TCP", 9090)), 4),
    _Application("orders", "backend", (("http", "TCP", 8080), ("metrics", "TCP", 9090)), 3),
    _Application("database", "data", (("postgres", "TCP", 5432),)),
    _Application("cache", "data", (("redis", "TCP", 6379),)),
)
_DNS = _Application("coredns", "system", (("dns", "UDP", 53), ("dns-tcp", "TCP", 53), ("metrics", "TCP", 9153)))
_METRICS = _Application("prometheus", "monitoring", (("web", "TCP", 9090),))
#: namespace → its labels, and what runs there
_NAMESPACES: dict[str, tuple[dict[str, str], tuple[_Application, ...]]] = {
    "default": ({}, ()),
    "kube-node-lease": ({}, ()),
    "kube-public": ({}, ()),
    "kube-system": ({}, (_DNS,)),
    "monitoring": ({"team": "platform"}, (_METRICS,)),
    "production": ({"environment": "production", "team": "shop"}, _SHOP),
    "staging": ({"environment": "staging", "team": "shop"}, _SHOP),
}
_PLACES = [(namespace, app) for namespace, (_, apps) in _NAMESPACES.items() for app in apps]
_SHARES = [app.share for _, app in _PLACES]


def namespaces(platform: Platform, seed: int) -> Iterator[Manifest]:
    """The namespaces of every cluster, and those of a shop that is developed on it."""
    for name, (labels, _) in _NAMESPACES.items():
        own = {"kubernetes.io/metadata.name": name} if platform.names_namespaces else {}
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": metadata(seed, "Namespace", name, labels=own | labels),
            "status": {"phase": "Active"},
        }


def service_accounts(seed: int) -> Iterator[Manifest]:
    """In each namespace `default`, and one for each application."""
    for namespace, (_, apps) in _NAMESPACES.items():
        for name in ("default", *(app.name for app in apps)):
            made = metadata(seed, "ServiceAccount", name, namespace)
            yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": made}


def pods(plan: NodePlan, count: int, addresses: Sequence[AddressPlan], seed: int) -> Iterator[Manifest]:
    """The pods of one node."""
    chance = random_of(seed, "pods", plan.name)
    for place in range(0 if plan.is_tainted else count):
        ips = [str(family.pod_address(plan.index, place)) for family in addresses]
        [(namespace, app)] = chance.choices(_PLACES, _SHARES)
        yield _pod(plan.name, namespace, app, ips, numbered_suffix(seed, plan.index * count + place), seed)


def _pod(node: str, namespace: str, app: _Application, ips: Sequence[str], end: str, seed: int) -> Manifest:
    replicas = suffix(random_of(seed, "replicas", namespace, app.name), 10)
    name = f"{app.name}-{replicas}-{end}"
    made = metadata(
        seed,
        "Pod",
        name,
        namespace,
        labels={"app": app.name, "pod-template-hash": replicas, "tier": app.tier},
        annotations=_network_annotations(ips, digest(seed, "container", namespace, name).hex()),
    )
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": made,
        "spec": {"containers": [_container(app)], "nodeName": node, "serviceAccountName": app.name},
        "status": {"phase": "Running", "podIP": ips[0], "podIPs": [{"ip": ip} for ip in ips]},
    }


def _container(app: _Application) -> Manifest:
    ports = [{"containerPort": number, "name": name, "protocol": protocol} for name, protocol, number in app.ports]
    return {"image": f"registry.example/{app.name}:1.0", "name": app.name, "ports": ports}


def _network_annotations(ips: Sequence[str], container: str) -> dict[str, str]:
    """What Calico's network plugin notes on a pod."""
    networks = [f"{ip}/{128 if ':' in ip else 32}" for ip in ips]
    return {
        "cni.projectcalico.org/containerID": container,
        "cni.projectcalico.org/podIP": networks[0],
        "cni.projectcalico.org/podIPs": ",".join(networks),
    }
