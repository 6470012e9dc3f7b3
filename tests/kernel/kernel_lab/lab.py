"""A node in a network namespace with the rules that the oracle renders, and a second namespace for all that it is linked to.

A packet comes in through the other end of an interface, or from a raw socket on the node. It has got through if it comes
out of the interface that it is to leave by, or reaches the end of INPUT. Routes and translation are made for each packet
as its query says, so that nothing but the rules can stop it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterator
from typing import Final

from felix_oracle.hosts import LOOPBACK
from felix_oracle.oracle import NodeRules
from felix_oracle.packets import Address, Query
from felix_oracle.saving import ipset_save, iptables_save
from kernel_lab.namespaces import call, enter, ip, remove, renew
from kernel_lab.taps import InterfaceTap, LogTap, Tap, arrives
from kernel_lab.wire import TCP, ip_packet

#: A packet that was not stopped is there at once; a busy machine may take a while to say so.
_SECONDS: Final = 0.03
_GROUP: Final = 5
#: Where the addresses stand in an IP header.
_ADDRESSES_AT = {4: 12, 6: 8}
_ETHER_TYPE = {4: b"\x08\x00", 6: b"\x86\xdd"}
_ELSEWHERE, _HERE = "02:00:00:00:00:01", "02:00:00:00:00:02"
_TOOL = {4: "iptables-legacy", 6: "ip6tables-legacy"}
_IPV6_HEADER_INCLUDED = 36
#: Routes of what this node sends, and of what it forwards; they come before those of its own addresses.
_SENT, _FORWARDED = 50, 51
_SETTINGS = (
    *("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"),
    *("net.ipv4.conf.all.accept_local=1", "net.ipv4.conf.all.route_localnet=1", "net.ipv4.conf.all.arp_ignore=8"),
    *(f"net.ipv4.conf.{each}.rp_filter=0" for each in ("all", "default")),
    *(f"net.ipv4.conf.{each}.send_redirects=0" for each in ("all", "default")),
    *(f"net.ipv6.conf.{each}.accept_dad=0" for each in ("all", "default")),
    *(f"net.ipv6.conf.{each}.accept_ra=0" for each in ("all", "default")),
    *("net.netfilter.nf_conntrack_checksum=0", "net.netfilter.nf_conntrack_tcp_be_liberal=1"),
)


class Lab:
    """`own`: the addresses of the node."""

    def __init__(self, name: str, rules: NodeRules, interfaces: Collection[str]) -> None:
        self.own = frozenset(address for each in rules.network.interfaces.values() for address in each)
        self.interfaces = interfaces
        self._rules = rules
        self._node, self._world = f"{name}-node", f"{name}-world"
        links = [each for each in interfaces if each != LOOPBACK]
        self._taps: dict[str, InterfaceTap] = self._linked(links)
        enter(self._node)
        ip(["link set lo up", *(f"link set {each} address {_HERE} up" for each in links)])
        ip(self._addresses_and_routes(), "-force")
        for family in ("-4", "-6"):
            first = (f"add iif lo lookup {_SENT} pref 10", f"add lookup {_FORWARDED} pref 11")
            ip([f"rule {each}" for each in (*first, "add lookup local pref 100", "delete pref 0")], family)
        self._taps[LOOPBACK] = InterfaceTap(LOOPBACK)
        self._senders = dict(_senders())
        self._log = LogTap(_GROUP)
        self._load()

    def is_contested(self, address: Address) -> bool:
        """Whether several workloads here have the address: only one of them gets the route."""
        holders = (workload.entity.nets for workload in self._rules.workloads.values())
        return sum(any(address in net for net in nets) for nets in holders) > 1

    def close(self) -> None:
        for each in (*(tap.socket for tap in self._taps.values()), *self._senders.values(), self._log.socket):
            each.close()
        remove(self._node)
        remove(self._world)

    def passes(self, query: Query) -> bool:
        """Whether a packet like this gets through. It must be one that can be asked about (`questions`)."""
        call("conntrack", "--flush")
        ip(self._ways(query), f"-{query.version}", "-force")
        if query.conntrack_state == "ESTABLISHED":
            call("conntrack", "--create", *_connection(query))
        translation = () if query.before is None else _translation(query)
        if translation:
            call(_TOOL[query.version], "-t", "nat", "-A", *translation)
        try:
            return self._sent(query)
        finally:
            if translation:
                call(_TOOL[query.version], "-t", "nat", "-D", *translation)

    def _linked(self, links: Collection[str]) -> dict[str, InterfaceTap]:
        """The namespaces with their links; the far ends, listening."""
        for each in (self._node, self._world):
            renew(each)
        enter(self._node)
        call("sysctl", "-qw", *_SETTINGS)  # before there are interfaces, so that they begin with these
        enter(self._world)
        call("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        ip(f"link add {each} type veth peer name {each} netns {self._node}" for each in links)
        ip(f"link set {each} up" for each in links)
        return {each: InterfaceTap(each) for each in links}

    def _addresses_and_routes(self) -> Iterator[str]:
        for interface, addresses in self._rules.network.interfaces.items():
            for address in addresses:
                if not (interface == LOOPBACK and address.is_loopback):
                    at_once = " nodad" if address.version == 6 else ""
                    yield f"address replace {address}/{address.max_prefixlen} dev {interface}{at_once}"
        for interface, workload in self._rules.workloads.items():
            for net in (*workload.entity.nets, *workload.spoofed):
                yield f"route replace {net} dev {interface}"

    def _load(self) -> None:
        for version in (4, 6) if self._rules.settings.ipv6_support else (4,):
            ruleset = self._rules.ruleset(version)
            call("ipset", "restore", text=ipset_save(ruleset))
            call(f"{_TOOL[version]}-restore", text=iptables_save(ruleset))
            call(_TOOL[version], *["-t", "security", "-A", "INPUT", "-j", "NFLOG", "--nflog-group"], str(_GROUP))

    def _ways(self, query: Query) -> Iterator[str]:
        """The routes that lead the packet where its query says, before and after translation."""
        yield from (f"route flush table {table}" for table in (_SENT, _FORWARDED))
        if self._has_no_endpoint(query.in_interface):
            yield from self._way(query.source, query.in_interface, _FORWARDED)
        if query.out_interface:
            table = _FORWARDED if query.in_interface else _SENT
            yield from self._way(query.destination, query.out_interface, table)
        if query.before is not None and not query.in_interface:
            yield from self._way(query.before, self._out_before(query), _SENT)

    def _has_no_endpoint(self, interface: str) -> bool:
        """Felix makes no routes to such an interface of a workload; the oracle takes it that others have."""
        return self._rules.settings.is_workload_interface(interface) and interface not in self._rules.workloads

    def _out_before(self, query: Query) -> str:
        if query.out_interface_before is not None:
            return query.out_interface_before
        settings = self._rules.settings
        from_workload = settings.is_workload_interface(query.out_interface)
        return self._rules.network.first_uplink(settings) if from_workload else query.out_interface

    @staticmethod
    def _way(destination: Address, interface: str, table: int) -> Iterator[str]:
        # Over lo, IPv6 takes nothing but what is local.
        kind = "local" if interface == LOOPBACK else "unicast"
        yield f"route replace {kind} {destination} dev {interface} table {table}"
        if interface != LOOPBACK:
            yield f"neighbour replace {destination} dev {interface} lladdr {_ELSEWHERE} nud permanent"

    def _sent(self, query: Query) -> bool:
        way_out: Tap = self._taps[query.out_interface] if query.out_interface else self._log
        for _ in way_out.packets():  # what is left of earlier packets
            pass
        label = bytearray(os.urandom(8))
        label[0] |= 0x80  # as a tag of SCTP it must not be zero
        packet = ip_packet(query, bytes(label))
        if query.in_interface:
            here = bytes(6) if query.in_interface == LOOPBACK else bytes.fromhex(_HERE.replace(":", ""))
            self._taps[query.in_interface].socket.send(here + bytes(6) + _ETHER_TYPE[query.version] + packet)
        else:
            try:
                self._senders[query.version].sendto(packet, (str(query.before or query.destination), 0))
            except PermissionError:  # a rule of OUTPUT has dropped it
                return False
        addresses = query.source.packed + query.destination.packed
        return arrives(way_out, _ADDRESSES_AT[query.version], addresses, bytes(label), _SECONDS)


def _senders() -> Iterator[tuple[int, socket.socket]]:
    """Sockets that take whole packets, by IP version."""
    for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
        sender = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        if version == 4:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        else:
            sender.setsockopt(socket.IPPROTO_IPV6, _IPV6_HEADER_INCLUDED, 1)
        yield version, sender


def _connection(query: Query) -> tuple[str, ...]:
    """An entry of conntrack to which the packet belongs."""
    state = ("--state", "ESTABLISHED") if query.protocol == TCP else ()
    ends = ("--src", str(query.source), "--dst", str(query.destination))
    ports = ("--sport", str(query.source_port), "--dport", str(query.destination_port))
    return "-p", str(query.protocol), *ends, *ports, *state, "-t", "60", "-u", "SEEN_REPLY,ASSURED"


def _translation(query: Query) -> tuple[str, ...]:
    """The rule of nat that translates the packet."""
    chain = "PREROUTING" if query.in_interface else "OUTPUT"
    before = ("-d", str(query.before), "-p", str(query.protocol), "--dport", str(query.port_before))
    after = str(query.destination) if query.version == 4 else f"[{query.destination}]"
    return chain, *before, "-j", "DNAT", "--to-destination", f"{after}:{query.destination_port}"
