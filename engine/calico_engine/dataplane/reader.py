"""The reader of single packets: plans are made once for each way through a node, then every packet is walked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from calico_engine.compiler.chains import Chain
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import ChainType
from calico_engine.compiler.nodes import CompiledNode
from calico_engine.configuration import Action
from calico_engine.dataplane.hooks import HOST_CHAINS
from calico_engine.dataplane.open_fields import Points, critical_points, representatives
from calico_engine.dataplane.outcomes import Answer, Decision, Outcome, ReasonCode
from calico_engine.dataplane.plans import Plan, plan
from calico_engine.dataplane.recorder import Locate, TraceRecorder
from calico_engine.dataplane.traces import Trace
from calico_engine.dataplane.walk import Recorder, run_chain, views, walk
from calico_engine.packets import Packet

_PlanKey = tuple[str, str | None, str | None, int, bool, str | None]
Domains = Mapping[str, tuple[int, int]]


_ACCEPT_ANYWAY = frozenset({ReasonCode.FAILSAFE, ReasonCode.ENDPOINT_TO_HOST_ACTION})


class PacketReader:
    """Answers about packets, one at a time."""

    def __init__(self, compiled: CompiledCluster) -> None:
        self.compiled = compiled
        self._plans: dict[_PlanKey, tuple[Plan, bool]] = {}

    def answer(self, packet: Packet, recorder: Recorder | None = None) -> Answer:
        """The decision on a packet without open fields; a recorder is told of everything on the way there."""
        planned, returns = self._plan(packet)
        answer = walk(planned, packet, recorder)
        return _handed_back(answer) if returns else answer

    def trace(self, packet: Packet, locate: Locate) -> Trace:
        """Everything that the walk considers."""
        recorder = TraceRecorder(locate)
        self.answer(packet, recorder)
        return recorder.trace

    def points(self, packet: Packet) -> Points:
        """Where the answer can change for the packet's open fields."""
        if not packet.open_fields:
            return {}
        node = self.compiled.node(packet.node)
        ports = (node.encapsulation.vxlan_port, *node.encapsulation.wireguard_ports.values())
        return critical_points(self._plan(packet)[0], packet, node.sets, ports)

    def has_untracked(self, packet: Packet) -> bool:
        """Whether untracked policy looks at the packet."""
        return self._untracked_chain(packet) is not None

    def untracks(self, packet: Packet) -> bool:
        """Whether untracked policy allows the packet, so that the kernel does not track its connection."""
        chain = self._untracked_chain(packet)
        return chain is not None and run_chain(chain, views(packet)[0]).outcome is Outcome.ACCEPT

    def chains(self, packet: Packet) -> tuple[Chain, ...]:
        """The chains that a packet on this packet's way can meet, in order."""
        ops = (op for table in self._plan(packet)[0].tables for op in table.ops)
        return tuple(op.chain for op in ops if op.chain is not None)

    @cached_property
    def _may_untrack(self) -> bool:
        return any(policy.do_not_track for policy in self.compiled.model.policies)

    def _untracked_chain(self, packet: Packet) -> Chain | None:
        if not self._may_untrack:
            return None
        return next((chain for chain in self.chains(packet) if chain.chain_type is ChainType.UNTRACKED), None)

    def passes(self, packet: Packet, answer: Answer) -> bool:
        """Whether the packet gets through; what Calico leaves to the host, the host's chain policy decides."""
        decision = answer.decision
        if decision is Decision.ALLOW:
            return True
        return decision is Decision.NO_POLICY and self.host_policy(packet) == "ACCEPT"

    def host_policy(self, packet: Packet) -> str:
        """ACCEPT or DROP: the policy of the host's own chain at the packet's hook."""
        return self.compiled.node(packet.node).host.chain_policies[HOST_CHAINS[packet.path]]

    def _plan(self, packet: Packet) -> tuple[Plan, bool]:
        key = (
            packet.node,
            packet.in_interface,
            packet.out_interface,
            packet.version,
            packet.dnat,
            packet.pre_dnat_out_interface,
        )
        found = self._plans.get(key)
        if found is None:
            node: CompiledNode = self.compiled.node(packet.node)
            found = self._plans[key] = (plan(node, packet), node.settings.filter_allow_action is Action.RETURN)
        return found


def _handed_back(answer: Answer) -> Answer:
    """With IptablesFilterAllowAction Return, what Calico accepts goes back to the host.

    Failsafes and DefaultEndpointToHostAction accept all the same (felix/rules/static.go: failsafeInChain,
    rule_defs.go: NewRenderer).
    """
    if answer.decision is Decision.ALLOW and answer.decider.reason not in _ACCEPT_ANYWAY:
        return Answer(Decision.NO_POLICY, answer.decider)
    return answer


def fields_to_try(points: Iterable[Points], domains: Domains, without: Collection[int] = ()) -> dict[str, list[int]]:
    """The values to ask for each open field, over several packets that share it; none of the destination ports `without`."""
    merged: Points = {}
    for each in points:
        for name, values in each.items():
            merged.setdefault(name, set()).update(values)
    if without:
        merged["destination_port"].update(port + 1 for port in without)
    fields = {name: representatives(name, values, domains.get(name)) for name, values in merged.items()}
    if without:
        fields["destination_port"] = [port for port in fields["destination_port"] if port not in without]
    return fields
