"""What a question about a Service asks for, and the ways that the connection may take through kube-proxy."""

from __future__ import annotations

from calico_engine.analysis.connections.kubernetes_services import Front, ServicePort
from calico_engine.analysis.connections.parties import Party
from calico_engine.analysis.connections.service_endpoints import Address, Backend, Usable
from calico_engine.frozen import frozen


@frozen
class Fronted:
    """What the question asks for, before translation. `node` is the one whose NodePort is asked."""

    port: ServicePort
    front: Front
    addresses: tuple[Address, ...]
    number: int
    node: Party | None = None

    def admits(self, sender: Party, source: Address) -> bool:
        """Whether loadBalancerSourceRanges let pass what the sender sends from this address.

        They hold for the load balancer's addresses alone, and for everybody who uses these. A node that has such an
        address itself sends from it, and is admitted if its own address is.
        """
        if self.front is not Front.LOAD_BALANCER:
            return True
        candidates = sender.addresses if sender.is_host and source in self.addresses else (source,)
        return any(self.port.service.admits(each) for each in candidates if each[0] == source[0])

    def kept_out(self, sender: Party) -> list[Address]:
        """The addresses of the sender that are not admitted."""
        versions = {address[0] for address in self.addresses}
        return [each for each in sender.addresses if each[0] in versions and not self.admits(sender, each)]


@frozen
class Translation:
    """One way that the connection may take: from `source` to the Service's address, translated on `node`.

    `usable`: all that the node may translate to, of which `backend` is one.
    """

    fronted: Fronted
    source: Address
    virtual: Address
    node: str
    backend: Backend
    receiver: Party
    masqueraded: bool
    usable: Usable
