"""Staged Kubernetes policies: converted as Calico converts them, and refused where that fails.

Source: libcalico-go/lib/validator/v3/validator.go: validateStagedKubernetesNetworkPolicy;
libcalico-go/lib/backend/k8s/conversion/conversion.go: k8sPortToCalicoFields (spec resources 4.6). Next to nothing is
looked at: neither label keys nor networks, neither types nor the names of ports.
"""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.encoding import given_fields
from calico_engine.manifests.validator.policies import STAGED_ACTIONS
from calico_engine.manifests.validator.shapes import choice_problem, quoted, report
from calico_engine.resources.rules import parse_port
from calico_engine.resources.staged_kubernetes import (
    KubernetesPolicyPort,
    LabelSelector,
    StagedKubernetesNetworkPolicySpec,
)

_SPEC: Path = ("spec",)


def check_staged_kubernetes(spec: StagedKubernetesNetworkPolicySpec, problems: list[Problem]) -> None:
    if spec.staged_action:
        report(problems, (*_SPEC, "stagedAction"), choice_problem(spec.staged_action, STAGED_ACTIONS))
    if spec.staged_action == "Delete":
        _check_deletion(spec, problems)
        return
    for path, port in _ports(spec):
        report(problems, path, _port_problem(port))


def _check_deletion(spec: StagedKubernetesNetworkPolicySpec, problems: list[Problem]) -> None:
    for field in given_fields(spec):
        if field == "stagedAction" or (field == "podSelector" and spec.pod_selector == LabelSelector()):
            continue
        message = "stagedAction Delete announces a deletion: nothing may stand beside it, not even an empty list"
        problems.append(Problem((*_SPEC, field), message, at_key=True))


def _ports(spec: StagedKubernetesNetworkPolicySpec) -> Iterator[tuple[Path, KubernetesPolicyPort]]:
    ingress = [("ingress", index, rule.ports) for index, rule in enumerate(spec.ingress or ())]
    egress = [("egress", index, rule.ports) for index, rule in enumerate(spec.egress or ())]
    for direction, index, ports in ingress + egress:
        for number, port in enumerate(ports):
            yield (*_SPEC, direction, index, "ports", number), port


def _port_problem(port: KubernetesPolicyPort) -> str | None:
    """The port as text, with the end of its range if it has one, must be a port of Calico's."""
    if port.port is None:
        return None
    text = str(port.port)
    if port.end_port is not None:
        text = f"{text}:{port.end_port}"
    try:
        parse_port(text)
    except ValueError as error:
        return f"{quoted(text)} cannot be converted to a port of Calico's: {error}"
    return None
