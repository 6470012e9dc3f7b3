"""Pod → WorkloadEndpoint (libcalico-go/lib/backend/k8s/conversion: workload_endpoint_default.go, conversion.go)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from calico_engine.controllers.kubernetes.annotations import InvalidAnnotation, read_texts
from calico_engine.controllers.kubernetes.cidrs import masked_cidr
from calico_engine.controllers.kubernetes.identity import (
    NAMESPACE_LABEL,
    ORCHESTRATOR,
    ORCHESTRATOR_LABEL,
    SERVICE_ACCOUNT_LABEL,
    Key,
    Resource,
    interface_name,
    metadata_of,
    namespace_profile,
    resource,
    service_account_profile,
    utf8,
    workload_name,
)
from calico_engine.controllers.kubernetes.quality_of_service import quality_of_service
from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible, without_empty
from calico_engine.frozen import frozen
from calico_engine.networks import parse_network

_KIND: Final = "WorkloadEndpoint"
_POD_IP, _POD_IPS = "cni.projectcalico.org/podIP", "cni.projectcalico.org/podIPs"
_AWS_POD_IPS: Final = "vpc.amazonaws.com/pod-ips"
_FLOATING_IPS, _SOURCE_PREFIXES = "cni.projectcalico.org/floatingIPs", "cni.projectcalico.org/allowedSourcePrefixes"
_CONTAINER_ID: Final = "cni.projectcalico.org/containerID"
_NETWORK_STATUS: Final = "k8s.v1.cni.cncf.io/network-status"
_FINISHED_PHASES: Final = ("Failed", "Succeeded", "Completed")
#: A label value has at most 63 characters; Calico lets 63 go too.
_LABEL_LIMIT: Final = 63
_PORT_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
#: What Go prints for the network of an address that is empty.
_NO_NETWORK: Final = "<nil>"


@frozen
class _PodNetwork:
    """An address of a pod: its network as text, the address in it, the family and the length of the mask as written."""

    text: str
    address: str
    version: int
    length: int


def convert_pod(pod: Struct, *, interface_prefix: str = "") -> tuple[Key, Resource]:
    """The endpoint of any pod, also of one that `is_workload_endpoint` says is none."""
    metadata, spec = pod.struct("metadata"), pod.struct("spec")
    name, namespace = metadata.text("name"), metadata.text("namespace")
    annotations = metadata.text_map("annotations")
    full_name = workload_name(spec.text("nodeName"), name)
    made = metadata_of(
        metadata,
        name=full_name,
        generateName=metadata.text("generateName"),
        namespace=namespace,
        uid=metadata.text("uid"),
        labels=_labels(metadata, spec),
        annotations={key: value for key, value in annotations.items() if key == _NETWORK_STATUS},
    )
    interface = interface_name(namespace, name, interface_prefix)
    converted = without_empty(_spec(pod, annotations) | {"interfaceName": interface})
    return (_KIND, namespace, full_name), resource(_KIND, made, converted)


def _spec(pod: Struct, annotations: Mapping[str, str]) -> Resource:
    metadata, spec = pod.struct("metadata"), pod.struct("spec")
    account, networks = spec.text("serviceAccountName"), _networks(pod, annotations)
    return {
        "orchestrator": ORCHESTRATOR,
        "node": spec.text("nodeName"),
        "containerID": annotations.get(_CONTAINER_ID),
        "pod": metadata.text("name"),
        "endpoint": "eth0",
        "serviceAccountName": account,
        "ipNetworks": [network.text for network in networks],
        "ipNATs": _floating_ips(annotations, networks),
        "profiles": _profiles(metadata.text("namespace"), account),
        "ports": list(_ports(spec)),
        "allowSpoofedSourcePrefixes": _source_prefixes(annotations),
        "qosControls": quality_of_service(annotations),
    }


def is_workload_endpoint(pod: Mapping[str, object]) -> bool:
    """Whether Calico shows the pod as an endpoint: it is on a node and not on the host's network.

    A pod without addresses is one, although Felix never hears of it (conversion.go: IsValidCalicoWorkloadEndpoint).
    One with wrong types in it is none.
    """
    try:
        spec = Struct.of(pod).struct("spec")
        return bool(spec.text("nodeName")) and not spec.flag("hostNetwork")
    except Unconvertible:
        return False


def is_ready(pod: Mapping[str, object]) -> bool:
    """Whether it is an endpoint and has an address. The lists of addresses are not looked at (IsReadyCalicoPod)."""
    if not is_workload_endpoint(pod):
        return False
    try:
        annotations = Struct.of(pod).struct("metadata").text_map("annotations")
        return any((Struct.of(pod).struct("status").text("podIP"), *map(annotations.get, (_POD_IP, _AWS_POD_IPS))))
    except Unconvertible:
        return False


def _is_finished(pod: Struct, annotations: Mapping[str, str]) -> bool:
    """Whether the pod's addresses are free again: the network plugin empties an annotation of a pod that is deleted."""
    if pod.struct("metadata").time("deletionTimestamp") and "" in (
        annotations.get(_POD_IP),
        annotations.get(_AWS_POD_IPS),
    ):
        return True
    return pod.struct("status").text("phase") in _FINISHED_PHASES


def _networks(pod: Struct, annotations: Mapping[str, str]) -> tuple[_PodNetwork, ...]:
    """The pod's networks; one that does not parse is an error even if the pod is finished and has none any more."""
    networks = tuple(_network(text) for text in _addresses(pod.struct("status"), annotations))
    return () if _is_finished(pod, annotations) else networks


def _addresses(status: Struct, annotations: Mapping[str, str]) -> list[str]:
    """The first source that says something counts (conversion.go: getPodIPs)."""
    listed = [entry.text("ip") for entry in status.structs("podIPs")]
    if listed:
        return listed
    sources = (
        (status.text("podIP"), False),
        (annotations.get(_POD_IPS, ""), True),
        (annotations.get(_POD_IP, ""), False),
        (annotations.get(_AWS_POD_IPS, ""), True),
    )
    text, plural = next((source for source in sources if source[0]), ("", False))
    return text.split(",") if plural else [text] if text else []


def _network(text: str) -> _PodNetwork:
    if not text:  # an empty address parses, to nothing
        return _PodNetwork(_NO_NETWORK, _NO_NETWORK, 6, 128)
    try:
        network = parse_network(text)
    except ValueError:
        raise Unconvertible(f"invalid CIDR address: {text}") from None
    _, slash, length = text.partition("/")
    written = int(length[-3:]) if slash else network.max_prefixlen
    return _PodNetwork(str(network), str(network.network_address), network.version, written)


def _labels(metadata: Struct, spec: Struct) -> dict[str, str]:
    labels = metadata.text_map("labels")
    labels[NAMESPACE_LABEL] = metadata.text("namespace")
    labels[ORCHESTRATOR_LABEL] = ORCHESTRATOR
    account = spec.text("serviceAccountName")
    if account and len(utf8(account)) < _LABEL_LIMIT:
        labels[SERVICE_ACCOUNT_LABEL] = account
    return labels


def _profiles(namespace: str, account: str) -> list[str]:
    accounts = [service_account_profile(namespace, account)] if account else []
    return [namespace_profile(namespace), *accounts]


def _ports(spec: Struct) -> Iterator[Resource]:
    """Ports with a name or a host port, of containers and then of init containers. Numbers are cut to 16 bits."""
    for container in (*spec.structs("containers"), *spec.structs("initContainers")):
        for port in container.structs("ports"):
            number, host_port = port.number("containerPort") or 0, port.number("hostPort") or 0
            protocol = port.text("protocol") or "TCP"
            if not number or not (host_port or port.text("name")) or protocol not in _PORT_PROTOCOLS:
                continue
            yield {
                "name": port.text("name"),
                "protocol": protocol,
                "port": number & 0xFFFF,
                "hostPort": host_port & 0xFFFF,
                "hostIP": port.text("hostIP"),
            }


def _floating_ips(annotations: Mapping[str, str], networks: tuple[_PodNetwork, ...]) -> list[Resource]:
    """Floating addresses, each to the pod's (last) address of its family; without one they are left out."""
    if _FLOATING_IPS not in annotations or not networks:
        return []
    floating = _texts(annotations[_FLOATING_IPS])
    targets: dict[int, str] = {}
    for network in networks:
        bits = {4: 32, 6: 128}[network.version]
        if network.length != bits:
            raise Unconvertible(
                f"PodIP {network.text} is not a valid IPv{network.version}: Mask size is {network.length}, not {bits}"
            )
        targets[network.version] = network.address
    families = ((text, 6 if ":" in text else 4) for text in floating)
    return [{"internalIP": targets[family], "externalIP": text} for text, family in families if family in targets]


def _source_prefixes(annotations: Mapping[str, str]) -> list[str]:
    text = annotations.get(_SOURCE_PREFIXES, "")
    prefixes = []
    for prefix in _texts(text) if text else ():
        try:
            prefixes.append(masked_cidr(prefix))
        except ValueError:
            raise Unconvertible(f"failed to parse '{prefix}' as a CIDR: invalid CIDR address: {prefix}") from None
    return prefixes


def _texts(annotation: str) -> tuple[str, ...]:
    try:
        return read_texts(annotation)
    except InvalidAnnotation as error:
        raise Unconvertible(f"failed to parse '{annotation}' as JSON: {error}") from None
