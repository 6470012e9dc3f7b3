"""The validation vectors: one fragment a line, put into a document, and calicoctl's verdict on it.

`validate` is A (accepted), R (refused by the validator) or L (refused while loading). `{a x 63}` in a fragment stands for
63 times the letter a.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from calico_engine.manifests.decoding import decode
from calico_engine.manifests.documents import read_document, split_documents
from calico_engine.manifests.objects import Skipped, objects_of
from calico_engine.manifests.sources import Source
from calico_engine.manifests.validator import validate
from calico_engine.resources.kubernetes import KubernetesObject

VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors" / "validation.jsonl"
KINDS = {
    "GNP": "GlobalNetworkPolicy",
    "NP": "NetworkPolicy",
    "SGNP": "StagedGlobalNetworkPolicy",
    "SNP": "StagedNetworkPolicy",
    "SKNP": "StagedKubernetesNetworkPolicy",
    "GNS": "GlobalNetworkSet",
    "NS": "NetworkSet",
    "HEP": "HostEndpoint",
    "WEP": "WorkloadEndpoint",
    "PROF": "Profile",
    "NODE": "Node",
    "FELIX": "FelixConfiguration",
    "KCC": "KubeControllersConfiguration",
}
RULES = {"RULE": ("GNP", "ingress"), "EGRESS": ("GNP", "egress"), "NPI": ("NP", "ingress"), "NPE": ("NP", "egress")}
#: Where the engine decides otherwise on purpose: what it does instead.
DECISIONS = {
    "v470": "R: an object of crd.projectcalico.org/v1 is read, and this one lacks its spec",
    "v472": "-: a Kubernetes object is read too, and becomes Calico's only by conversion",
    "v473": "-: a List of kubectl's is read, and this one is empty",
    "v482": "-: a document with nothing but a comment is skipped",
    "v485": "A: a blank document is skipped",
    "v486": "A: a document with nothing but a comment is skipped",
    "v487": "A: a document with nothing but a comment is skipped",
    "v493": "-: that there is no object at all is for the caller to refuse",
}


def document(wrapper: str, fragment: str) -> str:
    fragment = re.sub(r"\{(.) x (\d+)\}", lambda found: found[1] * int(found[2]), fragment)
    if wrapper in ("DOC", "RAW"):
        return fragment
    if wrapper in RULES:
        wrapper, direction = RULES[wrapper]
        fragment = f"{{{direction}: [{fragment}]}}"
    name = "default" if wrapper in ("FELIX", "KCC") else "thing"
    if wrapper == "TIER":
        name, _, fragment = fragment.partition(" ")
    kind = KINDS.get(wrapper, "Tier")
    return f"{{apiVersion: projectcalico.org/v3, kind: {kind}, metadata: {{name: {name}}}, spec: {fragment}}}"


def verdict(text: str) -> str:
    """A, R or L; - if there is no object, and nothing wrong either."""
    found, problems = [], []
    documents, errors, _ = split_documents(Source("vector.yaml", text))
    for part in documents:
        value, unreadable, _ = read_document(part)
        errors += unreadable
        objects, wrong = ([], []) if unreadable else objects_of(value)
        for raw in objects:
            if isinstance(raw.model, Skipped) or issubclass(raw.model, KubernetesObject):
                continue
            resource, undecoded = decode(raw.model, raw.value)
            wrong += undecoded
            found += [] if resource is None else [resource]
        problems += wrong
    if errors or problems:
        return "L"
    if any(validate(resource) for resource in found):
        return "R"
    return "A" if found else "-"


def rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in rows()])
def test_vector(row: dict[str, str]) -> None:
    wanted = DECISIONS.get(row["id"], row["validate"])[0]
    assert verdict(document(row["wrapper"], row["fragment"])) == wanted, row["reason"]


def test_vectors_are_complete() -> None:
    assert [row["id"] for row in rows()] == [f"v{number:03}" for number in range(1, 499)]
    assert {row["validate"] for row in rows()} == {"A", "R", "L"}


def test_decisions_differ() -> None:
    recorded = {row["id"]: row["validate"] for row in rows()}
    assert [name for name, what in DECISIONS.items() if recorded[name] == what[0]] == []
