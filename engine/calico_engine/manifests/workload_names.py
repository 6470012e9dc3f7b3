"""The name that a workload endpoint must have: it is made of its own fields.

Source: libcalico-go/lib/names/workloadendpoint.go (spec resources 4.10).
"""

from __future__ import annotations

from calico_engine.resources.endpoints import WorkloadEndpointSpec


def name_parts(spec: WorkloadEndpointSpec) -> dict[str, str]:
    """The fields of which the name is made, in order, by their JSON names."""
    head = {"node": spec.node, "orchestrator": spec.orchestrator}
    if spec.orchestrator == "k8s":
        return {**head, "pod": spec.pod, "endpoint": spec.endpoint}
    if spec.orchestrator == "cni":
        return {**head, "containerID": spec.container_id, "endpoint": spec.endpoint}
    if spec.orchestrator == "libnetwork":
        return {**head, "libnetwork": "libnetwork", "endpoint": spec.endpoint}
    return {**head, "workload": spec.workload, "endpoint": spec.endpoint}


def part_problem(text: str) -> str | None:
    """What keeps a part from being part of a name."""
    if not text:
        return "must be given: the endpoint's name is made of it"
    if text.startswith("-") or text.endswith("-"):
        return "may not begin or end with a dash: the endpoint's name is made of it"
    return None


def workload_endpoint_name(spec: WorkloadEndpointSpec) -> str | None:
    """The name, with the dashes within its parts doubled; None if a part is missing or wrong.

    >>> workload_endpoint_name(WorkloadEndpointSpec(node="node-1", orchestrator="k8s", pod="web-0", endpoint="eth0"))
    'node--1-k8s-web--0-eth0'
    """
    parts = list(name_parts(spec).values())
    if any(part_problem(part) for part in parts):
        return None
    return "-".join(part.replace("-", "--") for part in parts)
