"""What kube-controllers did about automatic host endpoints, node by node, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.controllers.kube_controllers.auto_host_endpoints.remarks import FAULTS, sentence
from calico_engine.controllers.kube_controllers.auto_host_endpoints.reports import (
    EndpointReport,
    Fate,
    HostEndpointReport,
    NodeReport,
    TemplateReport,
)
from calico_engine.errors import printable
from calico_engine.reports.lines import Line

_SHOWN = 80


def controller_lines(report: HostEndpointReport) -> Iterator[Line]:
    """The state first, then each node with what it got and what it did not get, then what was deleted."""
    yield Line(report.state.value)
    for node in report.nodes:
        yield Line(f"node {printable(node.node, _SHOWN)}")
        yield from _node_lines(node)
    for gone in report.deleted:
        text = f"✗ {printable(gone.name, _SHOWN)} of node {printable(gone.node, _SHOWN)}: deleted, for {gone.why.value}"
        yield Line(text, "unsure")


def controller_json(report: HostEndpointReport) -> Mapping[str, object]:
    """The same as data."""
    return {
        "state": report.state.name,
        "nodes": [
            {
                "node": node.node,
                "hostEndpoints": [_endpoint_json(endpoint) for endpoint in node.endpoints],
                "passedOver": [_template_json(template) for template in node.passed_over],
            }
            for node in report.nodes
        ],
        "deleted": [{"name": gone.name, "node": gone.node, "why": gone.why.name} for gone in report.deleted],
    }


def _node_lines(node: NodeReport) -> Iterator[Line]:
    if not node.endpoints and not node.passed_over:
        yield Line("  nothing: there is neither a default host endpoint nor a template", "unsure")
    for endpoint in node.endpoints:
        refused = endpoint.fate is Fate.REFUSED
        source = "the default host endpoint" if endpoint.template is None else _template(endpoint.template)
        interface = f", interface {printable(endpoint.interface, _SHOWN)}" if endpoint.interface else ""
        text = f"  {'✗' if refused else '✓'} {printable(endpoint.name, _SHOWN)}: {endpoint.fate.value}"
        yield Line(f"{text} ({source}{interface})", "bad" if refused else "good")
        if endpoint.failure is not None:
            yield Line(f"      {printable(endpoint.failure.message, 4 * _SHOWN)}", "bad")
        for address in endpoint.addresses:
            yield Line(f"      {printable(address.text, _SHOWN)}  from {address.field}", "dim")
    for template in node.passed_over:
        tone = "bad" if template.passed_over.why in FAULTS else "dim"
        yield Line(f"  ✗ {_template(template.template)}: {sentence(template.passed_over)}", tone)


def _template(name: str) -> str:
    return f"template {printable(name, _SHOWN)}" if name else "template without generateName"


def _endpoint_json(endpoint: EndpointReport) -> Mapping[str, object]:
    return {
        "name": endpoint.name,
        "fate": endpoint.fate.name,
        "template": endpoint.template,
        "interface": endpoint.interface or None,
        "addresses": [{"address": address.text, "from": address.field} for address in endpoint.addresses],
        "failure": None if endpoint.failure is None else endpoint.failure.message,
    }


def _template_json(template: TemplateReport) -> Mapping[str, object]:
    passed = template.passed_over
    return {"template": template.template, "why": passed.why.name, "detail": passed.detail or None}
