"""What calicoctl v3.32.1 accepts, reads, creates and stores, file by file.

A sample lies in the repository; the whole recording is asked where it is at hand. Where the engine decides otherwise
on purpose, `DECISIONS` says so, and nothing else may differ. Each decision is a row of the table in docs/decisions.md.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from calico_engine.manifests.client_rules import client_rules
from calico_engine.manifests.decoding import Problem, decode
from calico_engine.manifests.defaulting import with_defaults
from calico_engine.manifests.documents import read_document, split_documents
from calico_engine.manifests.encoding import to_json
from calico_engine.manifests.objects import Skipped, objects_of
from calico_engine.manifests.schema import schema_findings
from calico_engine.manifests.sources import Source
from calico_engine.manifests.stored import stored_form
from calico_engine.manifests.validator import validate
from calico_engine.resources import Resource
from calico_engine.resources.kubernetes import KubernetesObject

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "fixtures" / "golden" / "validation-sample.jsonl"
TABLE = ROOT / "docs" / "decisions.md"
RECORDINGS = ROOT.parent / "shared" / "golden"
SHOWN = 20

Row: TypeAlias = Mapping[str, Any]


def sample() -> tuple[Row, ...]:
    return tuple(json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines())


FAMILIES = sorted({row["family"] for row in sample()})


@dataclass(slots=True)
class Answer:
    """What the engine makes of a file: what it cannot load, what it skips, and what the validator says of the rest."""

    resources: list[Resource] = field(default_factory=list)
    load: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def phase(self) -> str | None:
        if self.load or self.problems:
            return "load" if self.load else "validate"
        return None if self.resources else "empty"


def answer(text: str) -> Answer:
    found = Answer()
    documents, errors, warnings = split_documents(Source("file.yaml", text))
    found.load += [error.message for error in errors]
    found.skipped += [warning.message for warning in warnings]
    for document in documents:
        value, errors, _ = read_document(document)
        found.load += [error.message for error in errors]
        objects, problems = ([], []) if errors else objects_of(value)
        for raw in objects:
            if isinstance(raw.model, Skipped):
                found.skipped.append(f"{raw.kind} {raw.model.value}")
                continue
            if issubclass(raw.model, KubernetesObject):
                found.skipped.append(f"{raw.kind} is Kubernetes'")
                continue
            resource, wrong = decode(raw.model, raw.value)
            problems += wrong
            found.resources += [] if resource is None else [resource]
        found.load += [problem.message for problem in problems]
    found.problems += [problem for resource in found.resources for problem in validate(resource)]
    return found


@dataclass(frozen=True, slots=True)
class Decision:
    """A difference that is meant, as the table in docs/decisions.md calls it, and how such a row is known."""

    what: str
    applies: Callable[[Row, Answer], bool]


def _unknown_type(row: Row) -> tuple[str, str] | None:
    """(kind, version) that calicoctl did not know."""
    found = re.search(
        r"unknown resource type \((.*)\) and/or version \((.*)\)", row["errors"][0] if row["errors"] else ""
    )
    return (found[1], found[2]) if found else None


def _skips(words: str) -> Callable[[Row, Answer], bool]:
    return lambda row, ours: not ours.load and any(words in skipped for skipped in ours.skipped)


#: Kinds that cannot change a verdict
KEPT_KINDS = ("BGPFilter", "BGPPeer", "IPReservation")

DECISIONS = (
    Decision(
        "documents of blank lines and comments only",
        lambda row, ours: (
            _unknown_type(row) == ("", "") and _skips("blank lines and comments only is skipped")(row, ours)
        ),
    ),
    Decision(
        "text that calicoctl loses",
        lambda row, ours: (
            row["phase"] != "load" and any("calicoctl loses" in e or "drops silently" in e for e in ours.load)
        ),
    ),
    Decision(
        "kinds that are not Calico's",
        lambda row, ours: (
            _unknown_type(row) not in (None, ("", ""))
            and (_skips("was skipped")(row, ours) or _skips("is Kubernetes'")(row, ours))
        ),
    ),
    Decision(
        "`crd.projectcalico.org/v1` and `calico-engine/v1`",
        lambda row, ours: (_unknown_type(row) or ("", ""))[1] in ("crd.projectcalico.org/v1", "calico-engine/v1"),
    ),
    Decision(
        "the spec of BGPPeer, BGPFilter and IPReservation",
        lambda row, ours: bool(ours.resources) and ours.resources[0].KIND in KEPT_KINDS,
    ),
    Decision("where calicoctl crashes", lambda row, ours: row["phase"] == "panic" and bool(ours.problems)),
)

#: Go's name of a field, in lower case → what it is in JSON, where that differs
GO_NAMES = {
    "port": {"ports", "notports", "port", "kubenodeportranges", "natportrange", "bpfpsnatports"},
    "portname": {"ports", "notports", "kubenodeportranges", "natportrange", "bpfpsnatports"},
    "protocol": {"protocol", "notprotocol"},
    "externalnodescidrlist": {"externalnodeslist"},
    "routetablerange": {"routetablerange", "routetableranges"},
    "bpfconntrackcleanupmode": {"bpfconntrackmode"},
    "policynamemigrator": {"enabled"},
    "interfacename": {"interfacename", "node"},
    "services": {"services", "name"},
    "ipnats": {"ipnats", "internalip"},
    "externalip": {"ipnats", "externalip"},
}
#: The whole spec of a policy, for anything in it
ANY_FIELD = re.compile(r"(staged\w+)?policyspec")


def _go_name(name: str) -> str:
    return re.sub(r"\[[^]]*\]| field$| \(.*\)$", "", name).rpartition(".")[2].lower()


def _json_name(problem: Problem) -> str:
    names = [step for step in problem.path if isinstance(step, str)]
    holder = next((name for name in names if name in ("labels", "annotations", "labelsToApply")), names[-1])
    return holder.lower()


def _fields_agree(row: Row, ours: Answer) -> bool:
    """Every recorded field has a problem of ours, and no problem of ours is about another field."""
    recorded = {_go_name(name) for name in row["fields"]}
    named = {_json_name(problem) for problem in ours.problems}
    if not recorded:
        return named == {"namespace"}
    if any(ANY_FIELD.fullmatch(name) for name in recorded):
        return bool(named)
    known = [GO_NAMES.get(name, {name}) for name in recorded]
    several = "namespace" in str(row["errors"]) and named - set().union(*known) == {"namespace"}
    return all(names & named for names in known) and (several or named <= set().union(*known))


def _loaded(row: Row) -> list[object]:
    """The recorded objects, those in lists one by one, without what our structs do not keep (see encoding)."""
    objects: list[object] = []
    for item in row["loaded"]:
        objects += item.get("items") or [] if item.get("kind", "").endswith("List") else [item]
    return [_without_leftovers(item) for item in objects]


def _without_leftovers(value: object) -> object:
    if isinstance(value, list):
        return [_without_leftovers(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_leftovers(item) for key, item in value.items()}
    gone = {("source", "{}"), ("destination", "{}"), ("metadata", "{}"), ("bpfLogLevel", "''")}
    return {key: item for key, item in kept.items() if (key, repr(item)) not in gone}


def disagreements(row: Row) -> Iterator[str]:
    ours = answer(row["yaml"])
    decision = next((d for d in DECISIONS if ours.phase != row["phase"] and d.applies(row, ours)), None)
    if ours.phase != row["phase"] and decision is None:
        yield f"{row['phase']} recorded, {ours.phase} answered: {ours.load or ours.problems} {row['errors']}"
    if ours.phase != row["phase"] or ours.phase == "load":
        return
    if "fields" in row and not _fields_agree(row, ours):
        yield f"about {row['fields']}, not {[problem.path for problem in ours.problems]}"
    if row.get("loaded") is not None and _loaded(row) != [_without_leftovers(to_json(r)) for r in ours.resources]:
        yield f"loaded {row['loaded']}, not {[to_json(resource) for resource in ours.resources]}"
    if row["create"] is not None and len(ours.resources) == 1:
        yield from _creation(row, with_defaults(ours.resources[0]))


def _creation(row: Row, resource: Resource) -> Iterator[str]:
    """Creating in a new datastore: defaults, the validator, the client's rules and the schemas."""
    refusals = [*validate(resource), *client_rules(resource, ()), *schema_findings(resource)]
    is_unchecked = resource.KIND in KEPT_KINDS and not refusals
    if bool(refusals) is row["create"]["accepted"] and not is_unchecked:
        yield f"creation: {row['create']}, not {refusals}"
    if row["stored"] is not None and stored_form(resource) != row["stored"]:
        yield f"stored {row['stored']}, not {stored_form(resource)}"


@cache
def recording(name: str) -> tuple[Row, ...]:
    with gzip.open(RECORDINGS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def check(rows: list[Row]) -> None:
    wrong = [f"{row['id']}: {line}" for row in rows for line in disagreements(row)]
    assert rows
    assert not wrong, f"{len(wrong)} of {len(rows)} files disagree, among them\n" + "\n".join(wrong[:SHOWN])


at_hand = pytest.mark.skipif(not RECORDINGS.exists(), reason=f"the whole recording is not at hand: no {RECORDINGS}")


@pytest.mark.parametrize("family", FAMILIES)
def test_sample(family: str) -> None:
    check([row for row in sample() if row["family"] == family])


@at_hand
@pytest.mark.parametrize("family", FAMILIES)
def test_recording(family: str) -> None:
    check([row for row in recording("validation") if row["family"] == family])


@at_hand
def test_recording_of_upstream_manifests() -> None:
    check(list(recording("upstream-manifests")))


@at_hand
def test_recording_has_no_other_families() -> None:
    assert {row["family"] for row in recording("validation")} == set(FAMILIES)


@at_hand
def test_every_decision_is_needed() -> None:
    needed: Counter[str] = Counter()
    for row in recording("validation"):
        ours = answer(row["yaml"])
        if ours.phase != row["phase"]:
            needed.update(decision.what for decision in DECISIONS if decision.applies(row, ours))
    assert set(needed) == {decision.what for decision in DECISIONS}


def test_decisions_are_documented() -> None:
    rows = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    questions = {row.split("|")[1].strip() for row in rows}
    assert questions >= {decision.what for decision in DECISIONS}
