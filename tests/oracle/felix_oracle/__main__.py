"""Prints what Felix would program on a node, or takes one packet through it.

PYTHONPATH=tests/oracle python -m felix_oracle --node n1 manifests.yaml          tables, as iptables-save prints them
PYTHONPATH=tests/oracle python -m felix_oracle --node n1 --sets manifests.yaml   IP sets, as ipset save prints them
PYTHONPATH=tests/oracle python -m felix_oracle --packet '{"node": "n1", …}' manifests.yaml
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from felix_oracle.iptables import Rule
from felix_oracle.oracle import Oracle
from felix_oracle.saving import ipset_save, iptables_save


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m felix_oracle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, help="manifests")
    parser.add_argument("--node", help="whose tables to print")
    parser.add_argument("--version", type=int, choices=(4, 6), default=4, help="of IP")
    parser.add_argument("--sets", action="store_true", help="print the IP sets instead")
    parser.add_argument("--stored", action="store_true", help="read the manifests as a datastore holds them")
    parser.add_argument(
        "--packet", help="a packet query in JSON: print the rules that it matches, and what becomes of it"
    )
    options = parser.parse_args(arguments)
    oracle = Oracle.parse("\n---\n".join(file.read_text() for file in options.files), stored=options.stored)
    if options.packet:
        return _follow(oracle, json.loads(options.packet))
    if not options.node:
        parser.error("--node or --packet is needed")
    ruleset = oracle.node(options.node).ruleset(options.version)
    sys.stdout.write(ipset_save(ruleset) if options.sets else iptables_save(ruleset))
    return 0


def _follow(oracle: Oracle, packet: Mapping[str, object]) -> int:
    def tell(place: str, chain: str, rule: Rule) -> None:
        matches = " ".join(map(str, rule.matches))
        sys.stdout.write(f"{place:20} {chain:28} {matches} {rule.action or ''}\n")

    opinion = oracle.ask(packet, tell)
    cause = opinion.cause
    sys.stdout.write(
        f"{opinion.decision}{'' if cause is None else f' because of {cause.origin.reason} in {cause.hook}'}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
