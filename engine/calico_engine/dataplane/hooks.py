"""The stages that a packet passes, in order: iptables dataplane.

Theory of operation. The kernel takes a packet through *hooks*; at each hook stand *tables*, and in each table Calico's
chain comes first. A packet to the host passes raw and mangle PREROUTING, then filter INPUT; one from the host passes raw
and filter OUTPUT, then mangle POSTROUTING; a forwarded one passes raw and mangle PREROUTING, then filter FORWARD. nat
sits between mangle PREROUTING and the routing decision, and between raw and filter OUTPUT; so what reads before it sees
the destination before DNAT.

Each table is a list of steps. A step either drops the packet for good, or accepts *the table* (the rest of this table is
skipped, later tables still run), or sets or clears the *accept bit*, a mark on the packet that later tables read, or does
nothing. Raw and pre-DNAT policy that allows a packet sets the bit; the filter table turns the bit into a final ACCEPT.
What untracked policy allows is also exempt from connection tracking from there on: it is neither established nor invalid.
Every endpoint chain clears the bit when it starts on its policies, so at the end it tells what the *last* chain said.

What the filter table neither accepts nor drops goes back to the host's own chain, whose policy decides (NO_POLICY).

The tables below are data. `plans` specialises them to one pair of interfaces; the readers interpret the result. Each
follows felix/rules/static.go, whose function names are given.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from calico_engine.compiler.felix_model import ChainType
from calico_engine.frozen import frozen
from calico_engine.packets import Direction, HookPath


class When(enum.Enum):
    """What must hold for a step to be taken."""

    ALWAYS = "always"
    ACCEPTED = "the accept bit is set"
    NOT_ACCEPTED = "the accept bit is clear"
    ESTABLISHED = "the connection is established or related"
    FROM_WORKLOAD = "the packet comes in on a workload's interface"
    TO_WORKLOAD = "the packet goes out on a workload's interface"
    DNATED = "the connection was destination-NATed"
    NOT_DNATED = "the connection was not destination-NATed"


class Side(enum.Enum):
    """Which of the packet's interfaces; OUT_BEFORE_DNAT is the route of the destination before DNAT."""

    IN = "in"
    OUT = "out"
    OUT_BEFORE_DNAT = "out before DNAT"


class Do(enum.Enum):
    """Steps without a chain."""

    CLEAR_ACCEPT = "clear the accept bit"
    ACCEPT_TABLE = "accept this table"
    RETURN = "leave the packet to the host's own chain"
    UNTRACK_VXLAN = "exempt VXLAN packets from connection tracking"
    CHECK_SOURCE = "drop a workload's packet whose source address is not the workload's"
    ENCAPSULATED_IN = "accept encapsulated packets from other nodes, drop them from elsewhere"
    ENCAPSULATED_OUT = "accept encapsulated packets to other nodes"
    NEIGHBOUR_DISCOVERY = "accept a workload's IPv6 neighbour and multicast discovery"
    FROM_WORKLOAD_POLICY = "the workload's egress chain; an interface without endpoint drops"
    TO_WORKLOAD_POLICY = "the workload's ingress chain; an interface without endpoint drops"
    ENDPOINT_TO_HOST_ACTION = "what DefaultEndpointToHostAction says"
    LOOPING_SERVICES = "drop packets to advertised service addresses that nothing took"


@frozen
class HostEndpointPolicy:
    """The chain of the host endpoint that governs one of the packet's interfaces, if any."""

    chain_type: ChainType
    direction: Direction
    interface: Side


@frozen
class Step:
    """One step of a table, and when it is taken."""

    do: Do | HostEndpointPolicy
    when: When = When.ALWAYS


@frozen
class Table:
    """One table at one hook. `decides`: what its end accepts is final (the filter table)."""

    name: str
    steps: tuple[Step, ...]
    decides: bool = False


def _policy(chain_type: ChainType, direction: Direction, interface: Side, when: When = When.ALWAYS) -> Step:
    return Step(HostEndpointPolicy(chain_type, direction, interface), when)


_INGRESS, _EGRESS = Direction.INGRESS, Direction.EGRESS

RAW_PREROUTING = Table(  # StaticRawPreroutingChain, RPFilter
    "raw-PREROUTING",
    (
        Step(Do.CLEAR_ACCEPT),
        Step(Do.UNTRACK_VXLAN),
        Step(Do.CHECK_SOURCE, When.FROM_WORKLOAD),
        _policy(ChainType.UNTRACKED, _INGRESS, Side.IN),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
    ),
)
MANGLE_PREROUTING = Table(  # StaticManglePreroutingChain
    "mangle-PREROUTING",
    (
        Step(Do.ACCEPT_TABLE, When.ESTABLISHED),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
        _policy(ChainType.PRE_DNAT, _INGRESS, Side.IN),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
    ),
)
FILTER_INPUT = Table(  # filterInputChain, filterWorkloadToHostChain
    "filter-INPUT",
    (
        Step(Do.ENCAPSULATED_IN),
        # From here a workload's packet takes the workload-to-host chain and never reaches host endpoint policy.
        Step(Do.NEIGHBOUR_DISCOVERY, When.FROM_WORKLOAD),
        Step(Do.FROM_WORKLOAD_POLICY, When.FROM_WORKLOAD),
        Step(Do.ENDPOINT_TO_HOST_ACTION, When.FROM_WORKLOAD),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
        Step(Do.CLEAR_ACCEPT),
        _policy(ChainType.NORMAL, _INGRESS, Side.IN),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
    ),
    decides=True,
)
FILTER_FORWARD = Table(  # StaticFilterForwardChains, StaticFilterForwardAppendRules
    "filter-FORWARD",
    (
        _policy(ChainType.FORWARD, _INGRESS, Side.IN, When.NOT_ACCEPTED),
        Step(Do.FROM_WORKLOAD_POLICY, When.FROM_WORKLOAD),
        Step(Do.TO_WORKLOAD_POLICY, When.TO_WORKLOAD),
        # Always run, also for what untracked or pre-DNAT policy has allowed.
        _policy(ChainType.FORWARD, _EGRESS, Side.OUT),
        Step(Do.LOOPING_SERVICES),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
    ),
    decides=True,
)
RAW_OUTPUT = Table(  # StaticRawOutputChain
    "raw-OUTPUT",
    (
        Step(Do.CLEAR_ACCEPT),
        _policy(ChainType.UNTRACKED, _EGRESS, Side.OUT_BEFORE_DNAT),
        Step(Do.UNTRACK_VXLAN),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
    ),
)
FILTER_OUTPUT = Table(  # filterOutputChain; on a DNATed packet it still sees the interface of the old route
    "filter-OUTPUT",
    (
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
        # The host's own packets to its workloads are policed by nobody.
        Step(Do.RETURN, When.TO_WORKLOAD),
        Step(Do.ENCAPSULATED_OUT),
        Step(Do.CLEAR_ACCEPT),
        _policy(ChainType.NORMAL, _EGRESS, Side.OUT_BEFORE_DNAT, When.NOT_DNATED),
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
    ),
    decides=True,
)
MANGLE_POSTROUTING = Table(  # StaticManglePostroutingChain: egress policy of DNATed packets, with their new destination
    "mangle-POSTROUTING",
    (
        Step(Do.ACCEPT_TABLE, When.ACCEPTED),
        Step(Do.CLEAR_ACCEPT),
        _policy(ChainType.NORMAL, _EGRESS, Side.OUT, When.DNATED),
    ),
)

SEQUENCES: Mapping[HookPath, tuple[Table, ...]] = {
    HookPath.TO_HOST: (RAW_PREROUTING, MANGLE_PREROUTING, FILTER_INPUT),
    HookPath.FROM_HOST: (RAW_OUTPUT, FILTER_OUTPUT, MANGLE_POSTROUTING),
    HookPath.FORWARD: (RAW_PREROUTING, MANGLE_PREROUTING, FILTER_FORWARD),
}
#: The host's own chain that decides what Calico returns.
HOST_CHAINS: Mapping[HookPath, str] = {
    HookPath.TO_HOST: "INPUT",
    HookPath.FROM_HOST: "OUTPUT",
    HookPath.FORWARD: "FORWARD",
}
