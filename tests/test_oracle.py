"""The oracle on its own: recorded verdicts of real Felix, what it may import, and its rules as text."""

from __future__ import annotations

import ast
import gzip
import json
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from felix_oracle import Oracle
from felix_oracle.iptables import Rule
from felix_oracle.saving import ipset_save, iptables_save

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tests" / "oracle" / "felix_oracle"
SAMPLE = ROOT / "fixtures" / "golden" / "verdicts-sample.jsonl"
VECTORS = ROOT / "fixtures" / "vectors" / "verdict"
RECORDING = ROOT.parent / "shared" / "golden" / "verdicts.jsonl.gz"
#: What the oracle shares with the engine: reading, and Felix's parameters.
SHARED = (
    "calico_engine.configuration",
    "calico_engine.datastore",
    "calico_engine.manifests",
    "calico_engine.resources",
    "calico_selectors",
)
SHOWN = 20
PARTS = 10


def disagreements(line: str) -> Iterator[str]:
    scenario = json.loads(line)
    oracle = Oracle.parse(scenario["manifests"])
    for probe in scenario["probes"]:
        opinion = oracle.ask(probe["packet"])
        if opinion.decision != probe["verdict"]:
            yield f"{scenario['id']}: recorded {probe['verdict']}, the oracle says {opinion.decision}: {probe['packet']}"


SAMPLED = [pytest.param(line, id=json.loads(line)["id"]) for line in SAMPLE.read_text().splitlines()]


@cache
def recorded() -> tuple[str, ...]:
    with gzip.open(RECORDING, "rt") as lines:
        return tuple(lines)


@pytest.mark.parametrize("line", SAMPLED)
def test_sample(line: str) -> None:
    assert list(disagreements(line)) == []


@pytest.mark.skipif(not RECORDING.exists(), reason=f"the whole recording is not at hand: no {RECORDING}")
@pytest.mark.parametrize("part", range(PARTS))
def test_recording(part: int) -> None:
    """About half a minute for all parts."""
    lines = recorded()[part::PARTS]
    wrong = [each for line in lines for each in disagreements(line)]
    assert lines
    assert not wrong, f"{len(wrong)} packets disagree, among them\n" + "\n".join(wrong[:SHOWN])


def vectors() -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
    """Id, manifests, whether stored, and expectation of every decision vector (format: test_verdict_vectors.py)."""
    for file in sorted(VECTORS.glob("*.yaml")):
        for number, world in enumerate(yaml.safe_load_all(file.read_text())):
            pieces = [(VECTORS / "pieces" / f"{name}.yaml").read_text() for name in world["with"]]
            template = string.Template("\n---\n".join([*pieces, *filter(None, [world.get("manifests")])]))
            variants = world.get("variants", {"": {}})
            for name, values in variants.items():
                text, stored = template.substitute(values), bool(world.get("stored"))
                chosen = [each for each in world["expect"] if name in each.get("variants", variants)]
                for index, expectation in enumerate(chosen):
                    if "skip" not in expectation and not _has_open_fields(expectation["packet"]):
                        yield f"{file.stem}-{number}-{name}-{index}", text, stored, expectation


def _has_open_fields(packet: dict[str, Any]) -> bool:
    protocol = packet["protocol"]
    wanted = {"TCP": "sourcePort", "UDP": "sourcePort", "SCTP": "sourcePort", "ICMP": "icmpType", "ICMPv6": "icmpType"}
    return protocol in wanted and wanted[protocol] not in packet


@cache
def vector_oracle(manifests: str, stored: bool) -> Oracle:
    return Oracle.parse(manifests, stored=stored)


@pytest.mark.parametrize(
    ("manifests", "stored", "expectation"),
    [pytest.param(text, stored, expectation, id=name) for name, text, stored, expectation in vectors()],
)
def test_vector(manifests: str, stored: bool, expectation: dict[str, Any]) -> None:
    opinion = vector_oracle(manifests, stored).ask(expectation["packet"])
    assert opinion.decision == expectation["verdict"]
    if opinion.cause is not None and "reason" in expectation:
        assert opinion.cause.origin.reason == expectation["reason"]


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports; of `from package import name`, the name too, for it may be a module."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in sorted(PACKAGE.glob("*.py"))])
def test_the_oracle_shares_only_the_reading_with_the_engine(file: Path) -> None:
    of_project = [name for name in imports(file) if name.startswith("calico_")]
    assert [name for name in of_project if not f"{name}.".startswith(tuple(f"{room}." for room in SHARED))] == []


def test_the_guard_sees_imports() -> None:
    everything = {name for file in PACKAGE.glob("*.py") for name in imports(file)}
    assert {"calico_engine.manifests.loading.load", "calico_engine.datastore.build"} <= everything


def saved(line: str, version: int) -> tuple[str, str]:
    ruleset = Oracle.parse(json.loads(line)["manifests"]).node("n1").ruleset(version)
    return iptables_save(ruleset), ipset_save(ruleset)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("line", SAMPLED)
class TestSaving:
    """Laws of the text: what iptables-restore would otherwise complain about."""

    def test_jumps_lead_to_chains_of_their_table(self, line: str, version: int) -> None:
        text, _ = saved(line, version)
        for table in text.split("COMMIT\n"):
            declared = set(re.findall(r"^:(\S+)", table, re.MULTILINE))
            targets = set(re.findall(r" -[jg] (cali-\S+)", table))
            assert targets <= declared

    def test_names_are_short_enough(self, line: str, version: int) -> None:
        text, sets = saved(line, version)
        assert max(map(len, re.findall(r"^:(\S+)", text, re.MULTILINE))) <= 28
        assert max((len(name) for name in re.findall(r"^create (\S+)", sets, re.MULTILINE)), default=0) <= 31

    def test_sets_are_made_before_they_are_asked(self, line: str, version: int) -> None:
        text, sets = saved(line, version)
        assert set(re.findall(r"--match-set (\S+)", text)) <= set(re.findall(r"^create (\S+)", sets, re.MULTILINE))

    def test_a_multiport_match_has_at_most_15_slots(self, line: str, version: int) -> None:
        text, _ = saved(line, version)
        for ports in re.findall(r"--[sd]ports (\S+)", text):
            assert sum(1 + (":" in port) for port in ports.split(",")) <= 15


WORLD = """
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h, labels: {role: db}}
spec: {node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: web}
spec:
  selector: role == 'db'
  ingress:
  - action: Allow
    protocol: TCP
    source: {nets: [10.0.0.0/8, 192.168.0.0/16]}
    destination: {ports: [5432]}
"""
PACKET = {
    "node": "n1",
    "inInterface": "eth0",
    "source": "10.1.2.3",
    "destination": "192.0.2.1",
    "protocol": "TCP",
    "sourcePort": 40000,
    "destinationPort": 5432,
}


def test_a_rule_with_two_nets_as_iptables_prints_it() -> None:
    text = iptables_save(Oracle.parse(WORLD).node("n1").ruleset(4))
    comment = '-m comment --comment "RULE GlobalNetworkPolicy/web rule 0"'
    assert [line for line in text.splitlines() if line.startswith("-A cali-pi-gnp/web")] == [
        f"-A cali-pi-gnp/web {comment} -j MARK --set-xmark 0x0/0x180000",
        f"-A cali-pi-gnp/web -s 10.0.0.0/8 {comment} -j MARK --set-xmark 0x80000/0x80000",
        f"-A cali-pi-gnp/web -s 192.168.0.0/16 {comment} -j MARK --set-xmark 0x80000/0x80000",
        f"-A cali-pi-gnp/web -p tcp -m multiport --dports 5432 -m mark --mark 0x80000/0x80000 {comment}"
        " -j MARK --set-xmark 0x10000/0x10000",
    ]


def test_the_rules_that_a_packet_matches_are_told() -> None:
    told: list[tuple[str, str]] = []

    def listener(place: str, chain: str, rule: Rule) -> None:
        told.append((place, chain))

    assert Oracle.parse(WORLD).ask(PACKET, listener).decision == "ALLOW"
    assert ("filter-INPUT", "cali-pi-gnp/web") in told
    assert told[-1] == ("filter-INPUT", "cali-INPUT")


def test_the_third_block_of_a_rule_is_not_asked() -> None:
    """Nothing in the oracle says so: it follows from when the mark bits are cleared (verdict.md 5.7)."""
    ports = "{nets: [203.0.113.1/32, 203.0.113.2/32], ports: [5432, http]}"
    world = WORLD.replace("{ports: [5432]}", ports)
    assert world != WORLD
    oracle = Oracle.parse(world)
    assert oracle.ask(PACKET).decision == "ALLOW"
    assert oracle.ask({**PACKET, "source": "11.0.0.1"}).decision == "DENY"


def test_the_pass_bit_lasts_into_profiles() -> None:
    """Nor this (verdict.md 4.7): the second profile's own rule is not reached."""
    world = f"""{WORLD.replace("action: Allow", "action: Pass").replace("192.0.2.1]", "192.0.2.1], profiles: [p]")}
---
apiVersion: projectcalico.org/v3
kind: Profile
metadata: {{name: p}}
spec:
  ingress:
  - {{action: Pass, protocol: UDP}}
  - {{action: Allow}}
"""
    assert Oracle.parse(world).ask(PACKET).decision == "DENY"
    assert Oracle.parse(world.replace("action: Pass, protocol: UDP", "action: Log")).ask(PACKET).decision == "ALLOW"
