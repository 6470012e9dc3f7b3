"""Decision vectors: small worlds, the packets asked of each, and the answers that Felix and the kernel give.

Every file of `fixtures/vectors/verdict` is a stream of worlds, one YAML document each:

    world:     a sentence
    with:      names of files in `pieces/`, loaded with the world's own manifests
    variants:  optional; name → values put in for `${key}` in the manifests. Every variant is a world of its own
    stored:    optional; true reads the manifests as a datastore holds them
    manifests: Calico documents, as a user writes them
    expect:    list of {vector, packet, verdict, reason?, allowed?, why?, variants?, skip?}

`verdict` is ALLOW, DENY or NO_POLICY, `allowed` the effect once the host's own chain policies have had their say.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from calico_engine import Cluster, Packet

FOLDER = Path(__file__).parents[1] / "fixtures" / "vectors" / "verdict"
WORLD_KEYS = {"world", "with", "variants", "stored", "manifests", "expect"}
EXPECTATION_KEYS = {"vector", "packet", "verdict", "reason", "allowed", "why", "variants", "skip"}
NUMBERED_VECTORS = range(1, 133)


@dataclass(frozen=True, slots=True)
class Case:
    """One packet, the world that it is asked of, and the answer."""

    id: str
    vector: str
    world: str
    manifests: str
    stored: bool
    packet: Mapping[str, object]
    verdict: str
    reason: str | None
    allowed: bool | None
    skip: str | None


def _cases_of(file: Path) -> Iterator[Case]:
    for world in yaml.safe_load_all(file.read_text()):
        assert set(world) <= WORLD_KEYS, (file, world)
        pieces = [(FOLDER / "pieces" / f"{name}.yaml").read_text() for name in world["with"]]
        template = string.Template("\n---\n".join([*pieces, *filter(None, [world.get("manifests")])]))
        variants = world.get("variants", {"": {}})
        for name, values in variants.items():
            for expectation in world["expect"]:
                if name in expectation.get("variants", variants):
                    yield _case(file, world, name, template.substitute(values), expectation)


def _case(
    file: Path, world: Mapping[str, str], variant: str, manifests: str, expectation: Mapping[str, object]
) -> Case:
    assert set(expectation) <= EXPECTATION_KEYS, (file, expectation)
    skip, allowed, reason = (expectation.get(key) for key in ("skip", "allowed", "reason"))
    packet = expectation.get("packet", {})
    assert isinstance(packet, dict)
    vector = str(expectation["vector"])
    return Case(
        id=f"{vector}-{variant}" if variant else vector,
        vector=vector,
        world=f"{file.name}: {world['world']}",
        manifests=manifests,
        stored=bool(world.get("stored")),
        packet=packet,
        verdict=str(expectation["verdict"]) if skip is None else "",
        reason=None if reason is None else str(reason),
        allowed=None if allowed is None else bool(allowed),
        skip=None if skip is None else str(skip),
    )


def _parameters() -> list[object]:
    seen: Counter[str] = Counter()
    parameters: list[object] = []
    for file in sorted(FOLDER.glob("*.yaml")):
        for case in _cases_of(file):
            seen[case.id] += 1
            suffix = f"-{seen[case.id]}" if seen[case.id] > 1 else ""
            marks = [] if case.skip is None else [pytest.mark.skip(reason=case.skip)]
            parameters.append(pytest.param(case, id=case.id + suffix, marks=marks))
    return parameters


@cache
def _cluster(manifests: str, stored: bool) -> Cluster:
    return Cluster.parse(manifests, source="vector.yaml", stored=stored)


CASES = _parameters()


@pytest.mark.parametrize("case", CASES)
def test_vector(case: Case) -> None:
    cluster = _cluster(case.manifests, case.stored)
    verdict = cluster.verdict(Packet.parse(case.packet))
    assert verdict.decision.name == case.verdict, f"{case.world}\n{verdict.explain()}"
    if case.reason is not None:
        assert verdict.decided_by.reason.name == case.reason, f"{case.world}\n{verdict.explain()}"
    if case.allowed is not None:
        assert verdict.allowed is case.allowed, f"{case.world}\n{verdict.explain()}"


@pytest.mark.parametrize("case", CASES)
def test_answers_with_and_without_a_trace_agree(case: Case) -> None:
    cluster = _cluster(case.manifests, case.stored)
    packet = Packet.parse(case.packet)
    traced, (bare,) = cluster.verdict(packet), cluster.verdicts([packet])
    assert traced.trace
    assert traced.explain()
    assert (bare.decision, bare.decided_by, bare.allowed) == (traced.decision, traced.decided_by, traced.allowed)


def test_every_numbered_vector_is_asked() -> None:
    asked = {case.vector for file in FOLDER.glob("*.yaml") for case in _cases_of(file) if case.skip is None}
    assert [number for number in NUMBERED_VECTORS if str(number) not in asked] == []
