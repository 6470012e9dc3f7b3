"""The rendered tables and sets as `iptables-save` and `ipset save` print them, to compare with a real node.

iptables-legacy 1.8.9 takes this text and gives the same text back, but for the names of protocols in /etc/protocols.
What to expect to differ on a real node: counters, comments, the values of mark bits (Felix takes them from its mask in
an order that depends on its features), hashed names of policy chains, and the rules of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from felix_oracle.ipsets import IpSet
from felix_oracle.iptables import Chain, Rule, Table
from felix_oracle.matches import PROTOCOL_WORDS, InInterface, InNet, Match, OutInterface, ProtocolIs
from felix_oracle.ruleset import Ruleset

_PLAIN = re.compile(r"[0-9A-Za-z_-]+")


def iptables_save(ruleset: Ruleset) -> str:
    """All tables; `iptables-restore` (for IPv6, `ip6tables-restore`) reads them once the sets exist."""
    return "".join(f"{line}\n" for table in ruleset.tables for line in _table(table))


def ipset_save(ruleset: Ruleset) -> str:
    """All sets; `ipset restore` reads them."""
    family = "inet" if ruleset.version == 4 else "inet6"
    return "".join(f"{line}\n" for each in ruleset.sets.by_name.values() for line in _set(each, family))


def _table(table: Table) -> Iterator[str]:
    yield f"*{table.name}"
    yield from (f":{hook} {policy} [0:0]" for hook, policy in table.hooks.items())
    yield from (f":{name} - [0:0]" for name in sorted(table.chains) if name not in table.hooks)
    for name in sorted(table.chains):
        yield from _chain(table.chains[name])
    yield "COMMIT"


def _chain(chain: Chain) -> Iterator[str]:
    return (f"-A {chain.name} {_rule(rule)}" for rule in chain.rules)


def _rule(rule: Rule) -> str:
    parts = [str(match) for match in sorted(rule.matches, key=_place) if not _is_everything(match)]
    comment = rule.comment or _origin(rule)
    if comment:
        parts.append(f"-m comment --comment {_quoted(comment[:250])}")
    if rule.action is not None:
        parts.append(str(rule.action))
    return " ".join(parts)


def _place(match: Match) -> int:
    """iptables-save prints what every rule has room for first, in this order."""
    fixed = (InNet, InInterface, OutInterface, ProtocolIs)
    place = next((index for index, kind in enumerate(fixed) if isinstance(match, kind)), len(fixed))
    return 2 * place + (isinstance(match, InNet) and match.side == "dst")


def _is_everything(match: Match) -> bool:
    return isinstance(match, InNet) and match.net.prefixlen == 0


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f'"{text}"'


def _origin(rule: Rule) -> str:
    origin = rule.origin
    if origin is None:
        return ""
    policy = "" if origin.policy is None else "/".join(filter(None, origin.policy))
    index = "" if origin.rule is None else f"rule {origin.rule}"
    return " ".join(filter(None, (origin.reason, policy, index)))


def _set(each: IpSet, family: str) -> Iterator[str]:
    kind = "hash:ip,port" if each.members else "hash:net"
    yield f"create {each.name} {kind} family {family} maxelem 1048576"
    for net in each.nets:
        # The kernel takes no network of length zero, so Felix halves it (named_port_index.go).
        for part in net.subnets() if net.prefixlen == 0 else (net,):
            yield f"add {each.name} {part} -exist"
    for address, protocol, port in sorted(each.members, key=str):
        yield f"add {each.name} {address},{PROTOCOL_WORDS[protocol]}:{port} -exist"
