"""What is wrong with a Host document: our own kind, so these rules are ours."""

from __future__ import annotations

import ipaddress
import re

from calico_engine.manifests.decoding import Problem
from calico_engine.resources import Host

_INTERFACE = re.compile(r"[^\s/]{1,15}")


def host_problems(host: Host) -> list[Problem]:
    """Every problem of one Host document."""
    problems = [] if host.metadata.name else [Problem(("metadata", "name"), "must be the node's name")]
    seen: set[str] = set()
    for index, interface in enumerate(host.spec.interfaces or ()):
        path = ("spec", "interfaces", index)
        if not _INTERFACE.fullmatch(interface.name):
            problems.append(Problem((*path, "name"), "must be an interface name of 1 to 15 characters"))
        if interface.name in seen:
            problems.append(Problem((*path, "name"), f'interface "{interface.name[:20]}" is given twice'))
        seen.add(interface.name)
        for number, text in enumerate(interface.addresses):
            if not _is_address(text):
                message = f'"{text[:60]}" is no address; write one such as 192.0.2.1/24'
                problems.append(Problem((*path, "addresses", number), message))
    return problems


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return "%" not in text
