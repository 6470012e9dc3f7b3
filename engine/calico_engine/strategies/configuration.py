"""What a node is like: Felix's configuration, and the node's own interfaces and chains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from calico_engine.strategies.drawing import choose
from calico_engine.strategies.vocabulary import (
    INTERFACES,
    IP_VERSIONS,
    NODES,
    PORTS,
    Manifest,
    interface_addresses,
    manifest,
    nets,
)

_FIELDS: Mapping[str, Sequence[object]] = {
    "defaultEndpointToHostAction": ("Accept", "Return"),
    "iptablesFilterAllowAction": ("Return",),
    "disableConntrackInvalidCheck": (True,),
    "workloadSourceSpoofing": ("Any",),
    "interfacePrefix": ("cali,tap",),
    "interfaceExclude": ("eth1",),
    "ipipEnabled": (True,),
    "vxlanEnabled": (True,),
    "wireguardEnabled": (True,),
    "allowIPIPPacketsFromWorkloads": (True,),
    "allowVXLANPacketsFromWorkloads": (True,),
}
_FAILSAFES = ("failsafeInboundHostPorts", "failsafeOutboundHostPorts")
#: Lengths of the networks that interfaces are in.
_LENGTHS, _LENGTHS_OF_LO = {4: 24, 6: 64}, {4: 8, 6: 128}
_PROTOCOLS, _PORTS = st.sampled_from(("tcp", "udp")), st.sampled_from(PORTS)
_CHAIN_POLICIES = st.sampled_from(("ACCEPT", "DROP"))
_CHAINS = ("INPUT", "FORWARD", "OUTPUT")


def felix_configurations(
    *, name: str = "default", ip_versions: Sequence[int] = IP_VERSIONS, max_fields: int = 3
) -> st.SearchStrategy[Manifest]:
    """FelixConfigurations of up to `max_fields` fields that change verdicts; `name` is "default" or "node.NAME".

    Failsafe ports are among them; encapsulation too, but no dataplane other than iptables. Shrinks towards no fields.

    >>> from hypothesis import find
    >>> find(felix_configurations(), lambda felix: "failsafeInboundHostPorts" in felix["spec"])["spec"]
    {'failsafeInboundHostPorts': []}
    """

    known = ("", *(net for version in ip_versions for net in nets(version)))
    failsafes = st.lists(_failsafes(known), max_size=2)
    fields: list[st.SearchStrategy[Manifest]] = [st.fixed_dictionaries({name: failsafes}) for name in _FAILSAFES]
    fields += [st.fixed_dictionaries({field: st.sampled_from(values)}) for field, values in _FIELDS.items()]
    return _felix_configurations(name, st.lists(st.one_of(fields), max_size=max_fields))


@st.composite
def _felix_configurations(draw: st.DrawFn, name: str, fields: st.SearchStrategy[list[Manifest]]) -> Manifest:
    return manifest("FelixConfiguration", name, {key: each[key] for each in draw(fields) for key in each})


@st.composite
def _failsafes(draw: st.DrawFn, nets: Sequence[str]) -> Manifest:
    """An open port, perhaps for one network only."""
    port: Manifest = {"protocol": draw(_PROTOCOLS), "port": draw(_PORTS)}
    net = choose(draw, nets)
    return {**port, "net": net} if net else port


def hosts(
    *, name: str = NODES[0], number: int = 1, ip_versions: Sequence[int] = IP_VERSIONS
) -> st.SearchStrategy[Manifest]:
    """Host documents: the usual interfaces with the addresses of the node of that number, and its chains' policies.

    Shrinks towards chains that accept.

    >>> from hypothesis import find
    >>> find(hosts(ip_versions=(4,)), lambda host: True)["spec"]["interfaces"][0]
    {'name': 'eth0', 'addresses': ['192.0.2.1/24']}
    """
    return _hosts(name, number, ip_versions)


@st.composite
def _hosts(draw: st.DrawFn, name: str, number: int, ip_versions: Sequence[int]) -> Manifest:
    policies = {chain: draw(_CHAIN_POLICIES) for chain in _CHAINS}
    spec: Manifest = {"interfaces": [_interface(interface, number, ip_versions) for interface in INTERFACES]}
    if "DROP" in policies.values():
        spec["chainPolicies"] = policies
    return manifest("Host", name, spec)


def _interface(name: str, number: int, ip_versions: Sequence[int]) -> Manifest:
    lengths = _LENGTHS_OF_LO if name == "lo" else _LENGTHS
    known = interface_addresses(name, number, ip_versions)
    return {"name": name, "addresses": [f"{address}/{lengths[version]}" for version, address in known.items()]}
