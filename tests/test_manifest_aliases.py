"""The budget for aliases against go-yaml's own rule, applied at every single step of decoding."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from calico_engine.manifests.aliases import AliasBudget

Part = tuple[int, int]
"""So many steps of text, then an alias that repeats so many."""


def steps(parts: list[Part]) -> Iterator[bool]:
    for written, size in parts:
        yield from (False for _ in range(written))
        yield from (True for _ in range(size))


def allowed_share(decoded: int) -> float:
    if decoded <= 400_000:
        return 0.99
    return 0.10 if decoded >= 4_000_000 else 0.99 - 0.89 * ((decoded - 400_000) / 3_600_000)


def accepted_step_by_step(parts: list[Part]) -> bool:
    """decode.go: unmarshal, which counts and asks at each node."""
    aliased = 0
    for decoded, is_repeated in enumerate(steps(parts), start=1):
        aliased += is_repeated
        if aliased > 100 and decoded > 1_000 and aliased / decoded > allowed_share(decoded):
            return False
    return True


def accepted(parts: list[Part]) -> bool:
    budget = AliasBudget()
    written = 0
    for text, size in parts:
        written += text
        if not (budget.spend(written, size) if size else budget.fits(written)):
            return False
    return budget.fits(written)


def random_parts(seed: int) -> list[Part]:
    source = random.Random(seed)
    scale = source.choice([10, 100, 1_000])
    return [(source.randint(1, 9), source.randint(0, scale)) for _ in range(source.randint(1, 30))]


def test_random_documents() -> None:
    answers = [(seed, accepted(random_parts(seed)), accepted_step_by_step(random_parts(seed))) for seed in range(400)]
    assert [answer for answer in answers if answer[1] != answer[2]] == []
    assert 100 < sum(fits for _, fits, _ in answers) < 350


@pytest.mark.parametrize(
    "parts",
    [
        [(9, 991), (1, 0)],
        [(9, 991), (2, 0)],
        [(9, 991), (100, 0)],
        [(10, 100), (1, 800), (1, 89)],
        [(4_001, 396_000), (3_000, 0)],
        [(4_001, 396_000), (1_000_000, 0)],
        [(1_000_000, 700_000), (10, 0)],
        [(1_000_000, 1_500_000)],
        [(3_700_000, 300_000), (300_000, 200_000)],
        [(3_500_000, 410_000), (100_000, 0), (400_000, 0)],
    ],
)
def test_documents_at_the_edges_of_the_rule(parts: list[Part]) -> None:
    assert accepted(parts) is accepted_step_by_step(parts)
