"""The addresses of a node's interfaces: Calico's removal of bad ones, with what it gets wrong (node.go: fillAllInterfaces).

Calico shortens the list that it is walking. The address after a bad one is skipped, and what the list held at its end
stands there twice, so a bad one there is removed twice; when that reaches past the end, Calico crashes.
"""

from __future__ import annotations

from calico_engine.controllers.kubernetes.annotations import Interface
from calico_engine.controllers.kubernetes.cidrs import is_address
from calico_engine.controllers.kubernetes.reading import Unconvertible


def without_bad_addresses(interface: Interface) -> list[str]:
    """The addresses that Calico keeps. Raises Unconvertible where it crashes.

    >>> without_bad_addresses(Interface("eth0", ("b1", "b2", "10.0.0.1")))
    ['b2', '10.0.0.1']
    """
    walked = list(interface.addresses)  # the memory behind the list: as long as ever, its end repeated
    length = len(walked)
    for at in range(len(walked)):
        if is_address(walked[at]):
            continue
        if at >= length:
            raise Unconvertible(f"Calico crashes on the bad addresses of interface {interface.name}")
        walked[at : length - 1] = walked[at + 1 : length]
        length -= 1
    return walked[:length]
