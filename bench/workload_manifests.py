"""The workload as manifests, laid out as kubectl prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address
from random import Random

from bench.workload import ENDPOINT_INTERFACE, ENDPOINT_NODE, TIERS, Net, PortRange, Rule, Workload, workload
from calico_engine.packets import PROTOCOL_NAMES

_SEED = 7
_ENVIRONMENTS = ("dev", "stage", "prod")
_ENDPOINT = f"""\
---
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata:
  name: default
spec:
  failsafeInboundHostPorts: []
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata:
  name: {ENDPOINT_NODE}
spec:
  node: {ENDPOINT_NODE}
  interfaceName: {ENDPOINT_INTERFACE}
"""
_TIERS = f"""\
---
apiVersion: projectcalico.org/v3
kind: Tier
metadata:
  name: {TIERS[0]}
spec:
  order: 1
  defaultAction: Pass
---
apiVersion: projectcalico.org/v3
kind: Tier
metadata:
  name: {TIERS[1]}
spec:
  order: 2
  defaultAction: Deny
"""


def manifests(load: Workload) -> str:
    """All of it: the endpoint, the tiers, the address sets as labelled network sets, the policies."""
    return "".join([_ENDPOINT, _TIERS, *map(_network_set, range(len(load.sets)), load.sets), policies(load)])


def policies(load: Workload) -> str:
    """The policies alone, which all apply to the endpoint."""
    return "".join(_policy(number, *policy, "all()") for number, policy in enumerate(load.policies))


def documents(count: int) -> str:
    """As many policies of two rules, some 515 bytes each, with an owner and a selector of its own: for reading only."""
    random = Random(_SEED)
    listed = enumerate(workload(2 * count, rules_per_policy=2).policies)
    drawn = (_policy(number, *policy, _selector(random), _owner(random)) for number, policy in listed)
    return "".join([_TIERS, *drawn])


def rule_number(policy: str, index: int, load: Workload) -> int:
    """Where a rule stands among all of the workload's, from its policy's name and its place there."""
    return int(policy.rpartition("-")[2]) * load.rules_per_policy + index


def _network_set(number: int, members: Sequence[int]) -> str:
    nets = "".join(f"  - {IPv4Address(member)}/32\n" for member in members)
    return f"""\
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata:
  name: set-{number}
  labels:
    set: members-{number}
spec:
  nets:
{nets}"""


def _selector(random: Random) -> str:
    """A few applications have most of the policies."""
    return f"app == 'app-{min(int(random.paretovariate(1)), 500)}' && env == '{random.choice(_ENVIRONMENTS)}'"


def _owner(random: Random) -> str:
    return f"  annotations:\n    owner: team-{random.randrange(60)}\n"


def _policy(number: int, tier: str, rules: Sequence[Rule], selector: str, owner: str = "") -> str:
    return f"""\
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: policy-{number}
{owner}spec:
  tier: {tier}
  order: {number}
  selector: {selector}
  types:
  - Ingress
  ingress:
{"".join(line for rule in rules for line in _rule(rule))}"""


def _rule(rule: Rule) -> Iterator[str]:
    yield f"  - action: {rule.action}\n"
    if rule.protocol is not None:
        yield f"    protocol: {PROTOCOL_NAMES[rule.protocol]}\n"
    selector = [] if rule.members is None else [f"      selector: set == 'members-{rule.members}'\n"]
    yield from _side("source", [*selector, *_list("nets", _nets(rule.nets)), *_list("notNets", _nets(rule.not_nets))])
    nets, ports, not_ports = _nets(rule.destination_nets), _ports(rule.ports), _ports(rule.not_ports)
    yield from _side("destination", [*_list("nets", nets), *_list("ports", ports), *_list("notPorts", not_ports)])


def _side(name: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"    {name}:\n"
        yield from lines


def _list(key: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield f"      {key}:\n"
        yield from (f"      - {value}\n" for value in values)


def _nets(nets: Iterable[Net]) -> list[str]:
    return [f"{IPv4Address(first)}/{prefix}" for first, prefix in nets]


def _ports(ports: Iterable[PortRange]) -> list[str]:
    return [f"{first}" if first == last else f"{first}:{last}" for first, last in ports]
