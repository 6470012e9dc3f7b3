"""Clusters at random with something of every kind that has a say, and changes to them, made in both ways.

Few names, labels and addresses, so that what changes matters to the rest. Policies say their types: what is left out is
filled in when an object is read first, and what is patched is the object as it was filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from random import Random
from typing import Any

from calico_engine import Cluster
from calico_engine.resources import API_VERSION, HOST_API_VERSION

Document = dict[str, Any]
#: (apiVersion, kind, namespace, name)
Id = tuple[str, str, str, str]
World = Mapping[Id, Document]
#: The change as it is asked of a cluster, and the objects after it.
Change = tuple[Callable[[Cluster], Cluster], World]

NODES, NAMESPACES = ("n1", "n2", "n3"), ("a", "b")
SELECTORS = ("all()", "has(env)", "env == 'dev'", "!has(env)", "app == 'x'", "team == 'red'")
_CALICO = API_VERSION
_PEERS = {"ingress": "source", "egress": "destination"}
_GROUPS = {"NetworkPolicy": "networkpolicy.networking.k8s.io"}
_CREATED_BY = {"projectcalico.org/created-by": "calico-kube-controllers"}


def world(random: Random) -> World:
    """Any of the objects that there can be, most of them."""
    return {key: make(random) for key, make in _MAKERS.items() if random.random() < 0.7}


def change(random: Random, objects: World) -> Change:
    """One change that may be refused."""
    return random.choice((_applied, _applied, _deleted, _patched, _patched, _labelled))(random, objects)


def _applied(random: Random, objects: World) -> Change:
    keys = random.sample(sorted(_MAKERS), random.choice((1, 1, 2, 3)))
    made = {key: _MAKERS[key](random) for key in keys}
    return lambda cluster: cluster.apply(*made.values()), {**objects, **made}


def _deleted(random: Random, objects: World) -> Change:
    key = _one(random, objects)
    kind, name, namespace = _names(key)
    return lambda cluster: cluster.delete(kind, name, namespace), {k: objects[k] for k in objects if k != key}


def _patched(random: Random, objects: World) -> Change:
    key = _one(random, objects)
    kind, name, namespace = _names(key)
    other = _MAKERS[key](random)
    body: Document = {part: other[part] for part in ("spec", "status", "endpoints", "ports") if part in other}
    metadata: Document = {"metadata": {"labels": {"env": random.choice((None, "dev", "prod"))}}}
    patch: Document = random.choice((body, metadata, {**body, **metadata}))
    after = {**objects, key: _merged(objects[key], patch)}
    return lambda cluster: cluster.patch(kind, name, patch, namespace), after


def _labelled(random: Random, objects: World) -> Change:
    key = _one(random, objects)
    kind, name, namespace = _names(key)
    text, value = random.choice((("env=dev", "dev"), ("env=prod", "prod"), ("env-", None), ("team=red", "red")))
    label = text.split("=")[0].rstrip("-")
    targets = [key]
    if kind != "Tier" and random.random() < 0.3:  # of tiers there are more than were written
        name = "all()"
        targets = [k for k in objects if _names(k)[::2] == (kind, namespace) and _original(k, objects) == k]
    patch = {"metadata": {"labels": {label: value}}}
    after = {**objects, **{k: _merged(objects[k], patch) for k in targets}}
    return lambda cluster: cluster.label(kind, name, text, overwrite=True, namespace=namespace), after


def _one(random: Random, objects: World) -> Id:
    return _original(random.choice(sorted(objects)), objects)


def _original(key: Id, objects: World) -> Id:
    """Of a node that both have, a command means Kubernetes'."""
    twin = ("v1", *key[1:])
    return twin if twin in objects else key


def _names(key: Id) -> tuple[str, str, str | None]:
    version, kind, namespace, name = key
    return kind if version == _CALICO else _GROUPS.get(kind, kind), name, namespace or None


def _merged(value: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), item)
    return result


def _labels(random: Random, *, more: Mapping[str, str] | None = None) -> Document:
    labels = dict(more or {})
    for key, values in (("env", ("dev", "prod")), ("app", ("x", "y")), ("team", ("red",))):
        if random.random() < 0.4:
            labels[key] = random.choice(values)
    return {"labels": labels}


def _some(random: Random, values: Iterable[Any], most: int = 2) -> list[Any]:
    listed = list(values)
    return random.sample(listed, random.randint(0, min(most, len(listed))))


def _address(name: str) -> str:
    return f"10.0.0.{sum(map(ord, name)) % 200 + 1}"


def _kubernetes_node(random: Random, name: str) -> Document:
    metadata = _labels(random)
    if random.random() < 0.7:
        annotations = {"projectcalico.org/IPv4Address": f"{_address(name)}/24"}
        if random.random() < 0.5:
            annotations["projectcalico.org/IPv4VXLANTunnelAddr"] = f"10.65.9.{NODES.index(name)}"
        metadata["annotations"] = annotations
    return {**metadata, "status": {"addresses": [{"type": "InternalIP", "address": _address(name)}]}}


def _calico_node(random: Random, name: str) -> Document:
    spec: Document = {"bgp": {"ipv4Address": f"{_address(name)}/24"}} if random.random() < 0.7 else {}
    if random.random() < 0.5:
        spec["orchRefs"] = [{"nodeName": random.choice(NODES), "orchestrator": "k8s"}]
    if random.random() < 0.5:
        spec["interfaces"] = [{"name": "eth0", "addresses": [_address(name)]}]
    return {**_labels(random), "spec": spec}


def _namespace(random: Random, name: str) -> Document:
    return {**_labels(random), "status": {"phase": "Active"}} if name else {}


def _account(random: Random, name: str) -> Document:
    return _labels(random)


def _pod(random: Random, name: str) -> Document:
    ports = [{"name": "web", "containerPort": random.choice((80, 8080)), "protocol": "TCP"}]
    spec = {"nodeName": random.choice(NODES), "containers": [{"name": "c", "ports": ports}]}
    status = {"podIP": f"10.65.0.{random.randint(1, 9)}", "phase": random.choice(("Running", "Running", "Succeeded"))}
    return {**_labels(random), "spec": {**spec, "serviceAccountName": "default"}, "status": status}


def _service(random: Random, name: str) -> Document:
    ports = [{"name": "web", "port": 80, "protocol": "TCP", "nodePort": random.choice((30080, 30081))}]
    kind = random.choice(("ClusterIP", "NodePort"))
    return {"spec": {"type": kind, "clusterIP": f"10.96.0.{random.randint(1, 3)}", "ports": ports}}


def _slice(random: Random, name: str) -> Document:
    addresses = _some(random, (f"10.65.0.{last}" for last in range(1, 10)), 3)
    endpoints = [{"addresses": [each], "nodeName": random.choice(NODES)} for each in addresses]
    ports = [{"name": "web", "port": random.choice((80, 8080)), "protocol": "TCP"}]
    return {"labels": {"kubernetes.io/service-name": "s"}, "endpoints": endpoints, "ports": ports}


def _kubernetes_policy(random: Random, name: str) -> Document:
    rule = {"from": [{"podSelector": {"matchLabels": {"app": random.choice("xy")}}}], "ports": [{"port": "web"}]}
    selector = random.choice(({}, {"matchLabels": {"env": "dev"}}))
    return {"spec": {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [rule]}}


def _cluster_policy(random: Random, name: str) -> Document:
    spec: Document = {"tier": random.choice(("Admin", "Baseline")), "priority": random.choice((1, 2))}
    peer = {"namespaces": {"matchLabels": {"env": "dev"}}}
    spec |= {"subject": {"namespaces": {}}, "ingress": [{"action": random.choice(("Accept", "Deny")), "from": [peer]}]}
    return {"spec": spec}


def _rules(random: Random) -> Document:
    return {way: [_rule(random, peer) for _ in range(random.randint(0, 3))] for way, peer in _PEERS.items()}


def _rule(random: Random, peer: str) -> Document:
    """A Service may stand only where the peer does, and without any port."""
    rule: Document = {"action": random.choice(("Allow", "Deny", "Pass", "Log"))}
    if random.random() < 0.15:
        return {**rule, peer: {"services": {"name": "s", "namespace": random.choice(NAMESPACES)}}}
    rule["protocol"] = random.choice(("TCP", "UDP"))
    for side in ("source", "destination"):
        entity: Document = random.choice(({}, {"selector": random.choice(SELECTORS)}, {"nets": ["10.65.0.0/29"]}))
        if random.random() < 0.2:
            entity = {"namespaceSelector": random.choice(("env == 'dev'", "all()", "global()"))}
        if random.random() < 0.3:
            entity = {**entity, "ports": [random.choice((80, 8080, "web", "1:100"))]}
        if entity:
            rule[side] = entity
    return rule


def _policy(random: Random, name: str) -> Document:
    spec: Document = {"tier": random.choice(("default", "default", "t")), "selector": random.choice(SELECTORS)}
    spec |= {"types": ["Ingress", "Egress"], **_rules(random)}
    return {**_labels(random), "spec": spec | random.choice(({}, {"order": 1}, {"order": 2}))}


def _global_policy(random: Random, name: str) -> Document:
    made = _policy(random, name)
    kind: Document = random.choice(({}, {}, {"applyOnForward": True}, {"doNotTrack": True, "applyOnForward": True}))
    made["spec"] |= kind or ({"serviceAccountSelector": "env == 'dev'"} if random.random() < 0.5 else {})
    return made


def _tier(random: Random, name: str) -> Document:
    return {"spec": {"order": random.choice((10, 2000000)), "defaultAction": random.choice(("Deny", "Pass"))}}


def _profile(random: Random, name: str) -> Document:
    return {"spec": {**_rules(random), "labelsToApply": _labels(random)["labels"]}}


def _set(random: Random, name: str) -> Document:
    return {**_labels(random), "spec": {"nets": _some(random, ("10.65.0.0/30", "10.0.0.0/25", "203.0.113.7/32"))}}


def _host_endpoint(random: Random, name: str) -> Document:
    node = random.choice((*NODES, "c1", "gone"))
    spec: Document = {"node": node, "interfaceName": random.choice(("eth0", "*"))}
    spec |= {"expectedIPs": [_address(node)], "profiles": _some(random, ("p", "kns.a", "missing"))}
    spec["ports"] = [{"name": "web", "protocol": "TCP", "port": random.choice((80, 8080))}]
    return {**_labels(random, more=random.choice(({}, {}, _CREATED_BY))), "spec": spec}


def _workload(random: Random, name: str) -> Document:
    spec: Document = {
        "node": "n1",
        "orchestrator": "cni",
        "endpoint": "eth0",
        "interfaceName": "cali9",
        "containerID": "w",
    }
    spec |= {"ipNetworks": ["10.65.0.9/32"], "profiles": _some(random, ("p", "kns.a", "missing"))}
    if random.random() < 0.3:
        spec["allowSpoofedSourcePrefixes"] = ["10.65.1.0/24"]
    return {**_labels(random), "spec": spec}


def _felix(random: Random, name: str) -> Document:
    choices = {
        "workloadSourceSpoofing": ("Any", "Disabled"),
        "defaultEndpointToHostAction": ("Accept", "Drop", "Return"),
        "vxlanEnabled": (True, False),
        "failsafeInboundHostPorts": ([], [{"protocol": "tcp", "port": 22}]),
        "interfacePrefix": ("cali", "cali,eth1"),
        "serviceLoopPrevention": ("Drop", "Disabled"),
    }
    return {"spec": {key: random.choice(choices[key]) for key in _some(random, choices, 3)}}


def _pool(random: Random, name: str) -> Document:
    mode = random.choice(({"ipipMode": "Always"}, {"vxlanMode": "Always"}, {"ipipMode": "Never", "natOutgoing": True}))
    return {"spec": {"cidr": random.choice(("10.65.0.0/16", "10.66.0.0/16")), **mode}}


def _bgp(random: Random, name: str) -> Document:
    return {"spec": {"serviceClusterIPs": [{"cidr": random.choice(("10.96.0.0/16", "10.96.0.0/30"))}]}}


def _controllers(random: Random, name: str) -> Document:
    template = {"generateName": "t", "interfaceCIDRs": ["10.0.0.0/24"], "labels": {"env": "dev"}}
    template["nodeSelector"] = random.choice(("all()", "env == 'dev'"))
    section: Document = {"autoCreate": random.choice(("Enabled", "Enabled", "Disabled"))}
    section |= {"createDefaultHostEndpoint": random.choice(("Enabled", "Disabled"))}
    section["templates"] = random.choice(([], [template]))
    return {"spec": {"controllers": {"node": {"hostEndpoint": section}}}}


def _host(random: Random, name: str) -> Document:
    interfaces = [{"name": "lo", "addresses": ["127.0.0.1/8"]}, {"name": "eth0", "addresses": [f"{_address(name)}/24"]}]
    policies = {"INPUT": random.choice(("ACCEPT", "DROP")), "FORWARD": "ACCEPT", "OUTPUT": "ACCEPT"}
    return {"spec": {"interfaces": interfaces, "chainPolicies": policies}}


def _maker(key: Id, fields: Callable[[Random, str], Document]) -> Callable[[Random], Document]:
    version, kind, namespace, name = key

    def make(random: Random) -> Document:
        made = fields(random, name)
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        metadata |= {part: made.pop(part) for part in ("labels", "annotations") if part in made}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **made}

    return make


_FIELDS: Mapping[Id, Callable[[Random, str], Document]] = {
    **{("v1", "Node", "", name): _kubernetes_node for name in NODES},
    **{("v1", "Namespace", "", name): _namespace for name in NAMESPACES},
    **{("v1", "ServiceAccount", space, "default"): _account for space in NAMESPACES},
    **{("v1", "Pod", space, name): _pod for space in NAMESPACES for name in ("p1", "p2")},
    **{("v1", "Service", space, "s"): _service for space in NAMESPACES},
    **{("discovery.k8s.io/v1", "EndpointSlice", space, "s-1"): _slice for space in NAMESPACES},
    ("networking.k8s.io/v1", "NetworkPolicy", "a", "kp"): _kubernetes_policy,
    ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", "", "cp"): _cluster_policy,
    **{(_CALICO, "Node", "", name): _calico_node for name in ("c1", "n2")},
    **{(_CALICO, "GlobalNetworkPolicy", "", name): _global_policy for name in ("g1", "g2", "g3")},
    (_CALICO, "StagedGlobalNetworkPolicy", "", "sg"): _global_policy,
    **{(_CALICO, "NetworkPolicy", space, "np"): _policy for space in NAMESPACES},
    (_CALICO, "Tier", "", "t"): _tier,
    **{(_CALICO, "Profile", "", name): _profile for name in ("p", "kns.a")},
    (_CALICO, "GlobalNetworkSet", "", "gs"): _set,
    (_CALICO, "NetworkSet", "a", "ns"): _set,
    **{(_CALICO, "HostEndpoint", "", name): _host_endpoint for name in ("h1", "n1-auto-hep")},
    (_CALICO, "WorkloadEndpoint", "a", "n1-cni-w-eth0"): _workload,
    **{(_CALICO, "FelixConfiguration", "", name): _felix for name in ("default", "node.n1")},
    **{(_CALICO, "IPPool", "", name): _pool for name in ("pool1", "pool2")},
    (_CALICO, "BGPConfiguration", "", "default"): _bgp,
    (_CALICO, "KubeControllersConfiguration", "", "default"): _controllers,
    (HOST_API_VERSION, "Host", "", "n3"): _host,
}
_MAKERS = {key: _maker(key, fields) for key, fields in _FIELDS.items()}
