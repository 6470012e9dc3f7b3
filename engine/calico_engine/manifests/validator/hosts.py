"""Our own Host documents."""

from __future__ import annotations

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.addresses import cidr_problem
from calico_engine.manifests.validator.endpoints import check_each
from calico_engine.manifests.validator.shapes import INTERFACE, quoted
from calico_engine.resources.hosts import HostSpec

_SPEC: Path = ("spec",)


def check_host(spec: HostSpec, problems: list[Problem]) -> None:
    """Interfaces have names, none twice, and addresses that can be read."""
    seen: set[str] = set()
    for index, interface in enumerate(spec.interfaces or ()):
        path = (*_SPEC, "interfaces", index)
        if not INTERFACE.fullmatch(interface.name):
            message = f"{quoted(interface.name)} is no interface: 1 to 15 letters, digits, _ . and -"
            problems.append(Problem((*path, "name"), message))
        elif interface.name in seen:
            problems.append(Problem((*path, "name"), f"interface {interface.name} is in the list already"))
        seen.add(interface.name)
        check_each(interface.addresses, _address_problem, (*path, "addresses"), problems)


def _address_problem(text: str) -> str | None:
    return cidr_problem(text) if text else "an address may not be empty"
