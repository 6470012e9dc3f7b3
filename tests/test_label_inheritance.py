"""The labels that endpoints and network sets are seen to have, through the real conversion."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from calico_engine import Cluster
from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.findings import warnings
from calico_engine.datastore import build
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_selectors import Selector

FILE = Path(__file__).parents[1] / "fixtures" / "vectors" / "label-inheritance.yaml"
ADDRESS = "10.9.9.9"
IN_THE_SPEC: Mapping[str, Mapping[str, object]] = {
    "HostEndpoint": {"node": "n1", "interfaceName": "eth0", "expectedIPs": [ADDRESS]},
    "WorkloadEndpoint": {"node": "n1", "orchestrator": "k8s", "interfaceName": "cali1", "ipNetworks": [ADDRESS]},
    "NetworkSet": {"nets": [ADDRESS]},
    "GlobalNetworkSet": {"nets": [ADDRESS]},
}
ENDPOINTS = {"HostEndpoint": "hep/e", "WorkloadEndpoint": "wep/{namespace}/e"}


@dataclass(frozen=True, slots=True)
class Case:
    """An entity among its profiles, a selector, and whether it selects the entity."""

    id: str
    entity: Mapping[str, object]
    profiles: tuple[Mapping[str, object], ...]
    selector: str
    matches: bool
    endpoint: str | None


def _resource(kind: str, metadata: Mapping[str, object], spec: Mapping[str, object]) -> dict[str, object]:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec}


def _cases() -> Iterator[Case]:
    for number, row in enumerate(yaml.safe_load(FILE.read_text())):
        kind, profiles, namespace = row.get("kind", "HostEndpoint"), row.get("profiles", []), row.get("namespace")
        metadata = {"name": "e", "labels": row.get("own", {}), **({"namespace": namespace} if namespace else {})}
        spec: dict[str, object] = {**IN_THE_SPEC[kind]}
        if kind in ENDPOINTS:
            spec["profiles"] = [profile["name"] for profile in profiles]
        if "account" in row:
            spec["serviceAccountName"] = row["account"]
        known = [(profile["name"], profile["labels"]) for profile in profiles if "labels" in profile]
        documents = tuple(_resource("Profile", {"name": name}, {"labelsToApply": labels}) for name, labels in known)
        endpoint = ENDPOINTS[kind].format(namespace=namespace) if kind in ENDPOINTS else None
        for key, matches in (("match", True), ("no-match", False)):
            for selector in row.get(key, []):
                entity = _resource(kind, metadata, spec)
                yield Case(f"{number}-{kind}-{selector}", entity, documents, selector, matches, endpoint)


CASES = list(_cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_rule_selector(case: Case) -> None:
    loaded = load([Source("row.json", json.dumps([case.entity, *case.profiles]))], stored=True)
    datastore, _ = build(loaded, stored=True)
    compiled = CompiledCluster(datastore)
    assert (loaded.errors, warnings(compiled)) == ([], [])
    members = AddressSets(compiled.model).addresses(Selector(case.selector)).v4
    address = int.from_bytes(bytes(map(int, ADDRESS.split("."))))
    assert members == (((address, address),) if case.matches else ())


@pytest.mark.parametrize("case", [case for case in CASES if case.endpoint is not None], ids=lambda case: case.id)
def test_policy_selector(case: Case) -> None:
    assert case.endpoint is not None
    policy = _resource("GlobalNetworkPolicy", {"name": "p"}, {"selector": case.selector})
    cluster = Cluster.parse(json.dumps([policy, case.entity, *case.profiles]), stored=True)
    assert bool(cluster.policies_for(case.endpoint)) is case.matches
