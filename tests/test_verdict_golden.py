"""Recorded verdicts of real Felix v3.32.1 on a real kernel, scenario by scenario.

A sample lies in the repository; the whole recording is asked where it is at hand.
One line is one scenario: `id`, `family`, `manifests` and `probes`, a list of {packet, verdict}.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from calico_engine import Cluster, Packet

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "fixtures" / "golden" / "verdicts-sample.jsonl"
RECORDING = ROOT.parent / "shared" / "golden" / "verdicts.jsonl.gz"
FAMILIES = (
    "tutorial",
    "spec-vector",
    "edge",
    "config",
    "random-normal",
    "random-aof",
    "random-prednat",
    "random-untracked",
    "random-mixed",
)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Probe:
    """A packet that was sent, and what became of it."""

    packet: Mapping[str, object]
    verdict: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One set of manifests and the packets asked of it."""

    id: str
    family: str
    manifests: str
    probes: tuple[Probe, ...]


def _scenario(line: str) -> Scenario:
    row = json.loads(line)
    probes = tuple(Probe(probe["packet"], probe["verdict"]) for probe in row["probes"])
    return Scenario(row["id"], row["family"], row["manifests"], probes)


@cache
def _recording() -> tuple[Scenario, ...]:
    with gzip.open(RECORDING, "rt") as lines:
        return tuple(_scenario(line) for line in lines)


SAMPLED = tuple(_scenario(line) for line in SAMPLE.read_text().splitlines())


def _disagreements(scenario: Scenario) -> Iterator[str]:
    cluster = Cluster.parse(scenario.manifests, source=f"{scenario.id}.yaml")
    verdicts = cluster.verdicts(Packet.parse(probe.packet) for probe in scenario.probes)
    for probe, verdict in zip(scenario.probes, verdicts, strict=True):
        if verdict.decision.name != probe.verdict:
            yield f"{scenario.id}: recorded {probe.verdict}, answered {verdict.decision.name}: {dict(probe.packet)}"


@pytest.mark.parametrize("scenario", [pytest.param(scenario, id=scenario.id) for scenario in SAMPLED])
def test_sample(scenario: Scenario) -> None:
    assert list(_disagreements(scenario)) == []


def test_sample_covers_every_family_and_verdict() -> None:
    assert {scenario.family for scenario in SAMPLED} == set(FAMILIES)
    verdicts = {(scenario.family, probe.verdict) for scenario in SAMPLED for probe in scenario.probes}
    assert verdicts == {(family, verdict) for family in FAMILIES for verdict in ("ALLOW", "DENY", "NO_POLICY")}


@pytest.mark.skipif(not RECORDING.exists(), reason=f"the whole recording is not at hand: no {RECORDING}")
@pytest.mark.parametrize("family", FAMILIES)
def test_recording(family: str) -> None:
    scenarios = [scenario for scenario in _recording() if scenario.family == family]
    wrong = [line for scenario in scenarios for line in _disagreements(scenario)]
    asked = sum(len(scenario.probes) for scenario in scenarios)
    assert asked
    assert not wrong, f"{len(wrong)} of {asked} packets disagree, among them\n" + "\n".join(wrong[:SHOWN])


@pytest.mark.skipif(not RECORDING.exists(), reason=f"the whole recording is not at hand: no {RECORDING}")
def test_recording_has_no_other_families() -> None:
    assert {scenario.family for scenario in _recording()} == set(FAMILIES)
