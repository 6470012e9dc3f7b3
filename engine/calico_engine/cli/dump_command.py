"""`calico-engine dump-command`: how to get out of a live cluster what the other commands read, without touching it."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from calico_engine.cli.application import app
from calico_engine.cli.screen import write


class CalicoGroup(enum.StrEnum):
    CUSTOM_RESOURCES = "crd.projectcalico.org"
    API = "projectcalico.org"


@app.command("dump-command")
def dump_command(
    group: Annotated[
        CalicoGroup,
        typer.Option("--calico-group", help="Where the cluster keeps Calico's objects: see kubectl api-resources."),
    ] = CalicoGroup.CUSTOM_RESOURCES,
    installed: Annotated[
        bool, typer.Option("--installed", help="Ask the cluster first which kinds it has: older ones lack some.")
    ] = False,
) -> None:
    """The kubectl line that dumps all that is read here. It only reads, and asks for no Secret and no ConfigMap."""
    write(dump_line(group, installed=installed), sys.stdout)


def dump_line(group: CalicoGroup = CalicoGroup.CUSTOM_RESOURCES, *, installed: bool = False) -> str:
    """One line for a shell. With `installed` it leaves out what kubectl would call an unknown resource type."""
    names = list(resource_names(group))
    if not installed:
        return f"kubectl get {','.join(names)} -A -o yaml"
    known = f"kubectl api-resources --verbs=list -o name | grep -xE '{'|'.join(names)}' | paste -sd, -"
    return f'kubectl get "$({known})" -A -o yaml'


def resource_names(group: CalicoGroup) -> Iterator[str]:
    """Every kind as kubectl names it: the plural, and the group where it has one."""
    from calico_engine.resources.kinds import KINDS
    from calico_engine.resources.kubernetes import KUBERNETES_KINDS

    for version, kind in KUBERNETES_KINDS:
        kubernetes_group = version.rpartition("/")[0]
        yield f"{_plural(kind)}.{kubernetes_group}" if kubernetes_group else _plural(kind)
    for names in KINDS:
        if names.kind not in _DERIVED:
            yield f"{names.plural}.{group}"


#: Kinds that no cluster stores: what Calico makes of Kubernetes' objects, which are dumped themselves, and our own.
_DERIVED = frozenset({"Host", "Node", "Profile", "WorkloadEndpoint"})


def _plural(kind: str) -> str:
    name = kind.lower()
    return f"{name[:-1]}ies" if name.endswith("cy") else f"{name}s"
