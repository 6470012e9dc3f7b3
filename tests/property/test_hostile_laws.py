"""Whatever stands where in a manifest: it is read, or refused by an error of ours.

Documents of the fixtures, spoilt in a few places at once by values of other types, by what stands elsewhere, by what is
missing. Few are refused as a whole, so that most go on to be converted, compiled and asked; read as stored objects, which
no validator has seen, nearly all do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st

from calico_engine import Cluster
from calico_engine.errors import CalicoEngineError, InvalidManifest
from calico_engine.examination import examine_sources
from calico_engine.manifests.sources import Source
from engine_support.changing_clusters import world
from engine_support.laws import LAW
from engine_support.places import places

FIXTURES = Path(__file__).parents[2] / "fixtures"
LONGEST = 20_000
WRONG: tuple[str, ...] = (
    *("null", "true", "0", "-1", "65536", "9223372036854775808", "1.5", "NaN", "1e308", "[]", "{}", "[[]]", "[null]"),
    *('""', '" "', '"x"', '"é"', '"\\u0000"', '"\\u202e"', '"::"', '"::1/129"', '"1.2.3.4/33"', '"01.2.3.4"', '"a/b"'),
    *('"::ffff:1.2.3.4/120"', '"fe80::1%eth0"', '"20:22"', '"1:2"', '"all()"', '"has("', "\"a == 'b'\"", '"TCP"'),
    *('"icmp"', '"256"', '"Allow"', '"Pass"', '"default"', '"eth0"', '"*"', '"lo"', '{"a": null}', '{"type": 8}'),
)


def _documents() -> Iterator[dict[str, Any]]:
    for file in sorted(FIXTURES.rglob("*.yaml")):
        text = file.read_text()
        if len(text) < LONGEST:
            yield from (each for each in yaml.safe_load_all(text) if isinstance(each, dict) and "kind" in each)
    for seed in range(3):
        yield from world(Random(seed)).values()


DOCUMENTS = tuple(json.dumps(document, default=str) for document in _documents())


def spoilt(random: Random, document: Any) -> None:
    """One place made another."""
    path = random.choice([*places(document)])
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    last = path[-1]
    match random.randrange(6):
        case 0:
            del holder[last]
        case 1:
            other = json.loads(random.choice(DOCUMENTS))
            holder[last] = random.choice([*other.values()])
        case 2 if isinstance(holder[last], str):
            holder[last] += random.choice("'\"{}()&|!=,:/ \n0aZ\\%")
        case _:
            holder[last] = json.loads(random.choice(WRONG))


def manifests(random: Random) -> str:
    documents = [json.loads(random.choice(DOCUMENTS)) for _ in range(random.choice((1, 2, 4, 8)))]
    for document in documents:
        for _ in range(random.choice((0, 1, 1, 2, 4))):
            if document:  # nothing may be left of it
                spoilt(random, document)
    return "\n---\n".join(map(json.dumps, documents))


def answered(text: str, *, stored: bool) -> None:
    found = examine_sources([Source("m.yaml", text)], stored=stored)
    assert all(str(each).isprintable() for each in (*found.errors, *found.warnings))
    try:
        cluster = Cluster.parse(text, stored=stored)
    except InvalidManifest as refusal:
        assert str(refusal)
        return
    questions: tuple[Callable[[], object], ...] = (
        lambda: cluster.check("203.0.113.7", "n1", "tcp/22"),
        lambda: cluster.check("n1", "10.0.0.1", "udp/53"),
        lambda: cluster.check("pod/a/p1", "svc/a/s", "tcp/80"),
        cluster.explain_controllers,
        lambda: cluster.select("has(a)"),
        lambda: [cluster.get(kind) for kind in ("heps", "gnp", "nodes", "felixconfig")],
    )
    for question in questions:
        try:
            str(question())
        except CalicoEngineError as refusal:
            assert str(refusal)


@given(st.integers(0, 10**9))
@settings(LAW, max_examples=400)
def test_all_is_read_or_refused(seed: int) -> None:
    text = manifests(Random(seed))
    note(text)
    answered(text, stored=False)
    answered(text, stored=True)
