"""Worlds from a row of seeds: what the oracle says of their packets, and what becomes of them in a kernel."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from felix_oracle import Oracle
from felix_oracle.iptables import NoTrack, Rule
from felix_oracle.oracle import Opinion
from felix_oracle.packets import Query
from kernel_lab.lab import Lab
from kernel_lab.questions import unaskable
from verdict_fuzz.packets import PacketMaker
from verdict_fuzz.pools import HOST_INTERFACES, NODE, WORKLOAD_INTERFACES
from verdict_fuzz.worlds import World
from verdict_fuzz.worlds import world as make_world

_NAME: Final = "calico-lab"


@dataclass(slots=True)
class Tally:
    """What a run has seen; `unasked` says why packets were not sent."""

    worlds: int = 0
    passed: int = 0
    dropped: int = 0
    unasked: Counter[str] = field(default_factory=Counter)
    disagreements: int = 0


def run_world(seed: int, packets: int, tally: Tally) -> Iterator[str]:
    """Send packets in one world; yields a line for each that the kernel treats in another way than the oracle says."""
    random = Random(seed)
    world = make_world(random)
    try:
        oracle = Oracle.parse(world.text, stored=world.stored)
        rules = oracle.node(NODE)
    except ValueError:
        tally.unasked["world refused"] += 1
        return
    interfaces = dict.fromkeys((*rules.network.interfaces, *HOST_INTERFACES, *WORKLOAD_INTERFACES))
    lab = Lab(_NAME, rules, [*interfaces])
    tally.worlds += 1
    try:
        for question in _questions(random, world, packets):
            yield from _asked(question, oracle, lab, tally, seed)
    finally:
        lab.close()


def _questions(random: Random, world: World, packets: int) -> Iterator[dict[str, object]]:
    maker = PacketMaker.of(random, world)
    return (question for question in (maker.packet() for _ in range(packets)) if question["node"] == NODE)


def _asked(question: dict[str, object], oracle: Oracle, lab: Lab, tally: Tally, seed: int) -> Iterator[str]:
    query = Query.read(question)
    tracked, opinion = _opinion(oracle, question)
    reason = unaskable(query, lab.own, lab.interfaces)
    if query.version == 6 and not oracle.node(NODE).settings.ipv6_support:
        reason = "IPv6, which Felix leaves alone here"
    elif query.before is not None and not tracked:
        reason = "translation of what is not tracked"
    elif lab.is_contested(query.source):
        reason = "source that several workloads have"
    if reason is not None:
        tally.unasked[reason] += 1
        return
    expected = _passes(oracle, query, opinion)
    # What is lost on a busy machine is not lost twice.
    passes = lab.passes(query) or (expected and lab.passes(query))
    tally.passed += passes
    tally.dropped += not passes
    if passes != expected:
        tally.disagreements += 1
        done = "passes" if passes else "is dropped"
        yield f"seed {seed}: {done}, not {opinion.decision}{_cause(opinion)}: {json.dumps(question)}"


def _opinion(oracle: Oracle, question: dict[str, object]) -> tuple[bool, Opinion]:
    """Whether the packet is still tracked in the end, and what becomes of it."""
    exempt = False

    def hears(place: str, chain: str, rule: Rule) -> None:
        nonlocal exempt
        exempt = exempt or isinstance(rule.action, NoTrack)

    opinion = oracle.ask(question, hears)
    return not exempt, opinion


def _passes(oracle: Oracle, query: Query, opinion: Opinion) -> bool:
    if opinion.decision != "NO_POLICY":
        return opinion.decision == "ALLOW"
    hook = "OUTPUT" if not query.in_interface else "FORWARD" if query.out_interface else "INPUT"
    return oracle.node(NODE).network.policies[hook] == "ACCEPT"


def _cause(opinion: Opinion) -> str:
    return "" if opinion.cause is None else f" ({opinion.cause.origin.reason} in {opinion.cause.hook})"
