"""What an answer about a Service rests on, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.analysis.connections.choices import listed
from calico_engine.analysis.connections.kubernetes_services import Front, ServicePort
from calico_engine.analysis.connections.parties import Party
from calico_engine.analysis.connections.service_endpoints import NO_HINTS, Address
from calico_engine.analysis.connections.services import Service
from calico_engine.analysis.connections.translations import Fronted, Translation
from calico_engine.packets import format_address


def translation_remarks(sender: Party, translations: list[Translation]) -> Iterator[str]:
    """The assumptions of an answer that these translations lead to."""
    fronted = translations[0].fronted
    port = fronted.port
    backends = list(dict.fromkeys(str(each.backend) for each in translations))
    yield f"kube-proxy in iptables mode translates {port} to {'one of ' * (len(backends) > 1)}{listed(backends)}"
    if fronted.front is Front.NODE_PORT:
        yield "kube-proxy serves NodePorts on every address of a node (it has no --nodeport-addresses)"
    yield from (kept_out(fronted, address) for address in fronted.kept_out(sender))
    if port.service.sticky and len(backends) > 1:
        yield f"sessionAffinity of {port.service}: a client's first connection may go to any, later ones to the same"
    if fronted.front is not Front.CLUSTER_IP and port.service.local_outside and sender.workload is not None:
        yield "kube-proxy knows the pods' networks (--cluster-cidr or --detect-local-mode), and that this is a pod"
    yield from _nearness(translations)
    for node in dict.fromkeys(t.node for t in translations if t.masqueraded and t.receiver.node != t.node):
        yield f"node {node} sends on what it translates with its own address as the source (kube-proxy masquerades)"


def left_aside(ports: Mapping[int, ServicePort], service: Service) -> Iterator[str]:
    """The ports that a question without a port leaves out."""
    shown = listed([f"{service}/{number} ({port.service})" for number, port in sorted(ports.items())])
    yield f"left aside is what kube-proxy translates, to be asked for port by port: {shown}"


def kept_out(fronted: Fronted, source: Address) -> str:
    """What becomes of the packets from an address that loadBalancerSourceRanges do not admit."""
    text, service = format_address(source[1], source[0]), fronted.port.service
    return f"{text} is not in the loadBalancerSourceRanges of {service}: kube-proxy drops what it sends"


def _nearness(translations: list[Translation]) -> Iterator[str]:
    """What topology hints make of the endpoints, and why nothing where there are some or the Service asks for them."""
    nodes: dict[str, dict[str, None]] = {}
    for translation in translations:
        nodes.setdefault(_by_hints(translation), {})[translation.node] = None
    for text, where in nodes.items():
        if text:
            yield f"kube-proxy on {listed(list(where))} {text}"


def _by_hints(translation: Translation) -> str:
    found, service = translation.usable, translation.fronted.port.service
    if found.meant_for:
        return f"takes only the endpoints of {service} that the hints of EndpointSlices mean for {found.meant_for}"
    if len(found.backends) < 2 or not found.ignored or (found.ignored == NO_HINTS and not service.nearness):
        return ""
    asks = f", which asks for near ones ({service.nearness})" if service.nearness else ""
    return f"takes any endpoint of {service}{asks}: {found.ignored}"
