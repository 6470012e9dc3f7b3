"""The tutorial that locks down Kubernetes nodes, as manifests, and what becomes of every connection that it is about.

`fixtures/tutorial.expect.yaml` holds the worlds and the rows; its head says how to read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from calico_engine import Cluster, Packet, Verdict

FIXTURES = Path(__file__).parents[1] / "fixtures"
ROW_KEYS = {"row", "packet", "verdict", "check", "decision", "allowed", "reason", "policy", "rule"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a packet at one node, or a question about a connection, and the answer."""

    world: str
    load: tuple[str, ...]
    text: str
    packet: Mapping[str, object] | None
    check: tuple[str, str, str] | None
    decision: str
    allowed: bool
    reason: str
    policy: str | None
    rule: int | None


def _rows() -> Iterator[Row]:
    for world in yaml.safe_load_all((FIXTURES / "tutorial.expect.yaml").read_text()):
        for row in world["expect"]:
            assert set(row) <= ROW_KEYS, row
            decision = row["verdict"] if "packet" in row else row["decision"]
            yield Row(
                world=world["world"],
                load=tuple(world["load"]),
                text=row["row"],
                packet=row.get("packet"),
                check=tuple(row["check"]) if "check" in row else None,
                decision=decision,
                allowed=row.get("allowed", decision == "ALLOW"),
                reason=row["reason"],
                policy=row.get("policy"),
                rule=row.get("rule"),
            )


ROWS = tuple(_rows())


@cache
def _cluster(load: tuple[str, ...]) -> Cluster:
    return Cluster.load(*(FIXTURES / name for name in load))


def _answer(row: Row) -> Verdict:
    cluster = _cluster(row.load)
    if row.packet is not None:
        return cluster.verdict(Packet.parse(row.packet))
    assert row.check is not None
    return cluster.check(*row.check)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.world}: {row.text}") for row in ROWS])
def test_row(row: Row) -> None:
    verdict = _answer(row)
    assert (verdict.decision.name, verdict.allowed) == (row.decision, row.allowed), verdict.explain()
    assert verdict.decided_by.reason.name == row.reason, verdict.explain()
    if row.policy is not None:
        assert verdict.decided_by.policy is not None
        assert (verdict.decided_by.policy.name, verdict.decided_by.rule) == (row.policy, row.rule), verdict.explain()


def test_every_world_has_rows_of_both_forms() -> None:
    worlds = {row.world for row in ROWS}
    assert {row.world for row in ROWS if row.packet} == worlds == {row.world for row in ROWS if row.check}
