"""Manifests: from the text to validated resources, and to a cluster that answers.

The reference is libyaml alone, by way of PyYAML's C loader: it makes the same text into dicts and lists, knows nothing
of Calico, and reports no places. The documents are policies of some 515 bytes.
"""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain, pairwise
from time import process_time

import yaml

from bench.measure import Row
from bench.workload_manifests import documents
from calico_engine import Cluster
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source

#: Documents → rounds.
_SIZES: Mapping[int, int] = {100: 9, 1_000: 5, 10_000: 2}
_BIG: Mapping[int, int] = {100_000: 1}
_WEIGHED = 2_000
_REFERENCE = "yaml.load_all(text, CSafeLoader)"


def measure(sizes: Mapping[int, int] | None = None) -> list[Row]:
    """Set BENCH_BIG to read 100,000 documents as well, which takes minutes."""
    if sizes is None:
        sizes = {**_SIZES, **(_BIG if "BENCH_BIG" in os.environ else {})}
    print(_retained(min(_WEIGHED, max(sizes))))
    readings = [_reading(size, rounds) for size, rounds in sizes.items()]
    growth = [row for fewer, more in pairwise(readings) for row in _growth(fewer, more)]
    return [*chain.from_iterable(readings), *growth]


def _reading(size: int, rounds: int) -> list[Row]:
    """All three in turn, round by round; the best round of each counts, in time of this process alone."""
    text = documents(size)
    works: dict[str, Callable[[], object]] = {
        _REFERENCE: partial(_plain, text),
        "resources": partial(_resources, text),
        "a cluster": partial(Cluster.parse, text),
    }
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            best[name] = min(best[name], _seconds(work))
    reference = best.pop(_REFERENCE) / size
    return [
        Row("load", f"{size:,} policies, {name}", seconds / size, _REFERENCE, reference)
        for name, seconds in best.items()
    ]


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = process_time()
    made = work()
    taken = process_time() - started
    del made  # only now: to take it down again is no part of the work
    return taken


def _plain(text: str) -> object:
    return list(yaml.load_all(text, yaml.CSafeLoader))


def _resources(text: str) -> object:
    loaded = load([Source("policies.yaml", text)])
    if loaded.errors:
        raise AssertionError(loaded.errors[0])
    return loaded


def _growth(fewer: list[Row], more: list[Row]) -> list[Row]:
    """What one document costs among ten times as many."""
    return [
        Row("load", f"{large.case}: growth", large.ours_seconds, small.case, small.ours_seconds)
        for small, large in zip(fewer, more, strict=True)
    ]


def _retained(size: int) -> str:
    """Memory that stays, by tracemalloc: all that Python allocated, the text itself left aside."""
    text = documents(size)
    # What is made once, such as pydantic's validators, is made before.
    Cluster.parse(documents(10))
    makers: dict[str, Callable[[], object]] = {
        "resources": partial(_resources, text),
        "a cluster": partial(Cluster.parse, text),
    }
    kept = (f"{name} {_bytes_kept(make) / size / 1_000:.1f} kB" for name, make in makers.items())
    return f"kept for each of {size:,} policies (tracemalloc, without the text): {', '.join(kept)}"


def _bytes_kept(make: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    made = make()
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return kept
