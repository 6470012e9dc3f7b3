"""The order of tiers and policies, and which chains they land in, against Felix's own calculation graph."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calico_engine.compiler.address_sets import AddressSets
from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import ChainType, FelixModel, FelixPolicy, ResourceId
from calico_engine.compiler.findings import warnings
from calico_engine.compiler.nodes import PolicyCompiler, of_kind
from calico_engine.compiler.ordering import in_order
from calico_engine.datastore import build
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.packets import Direction

ROOT = Path(__file__).parents[1]
RECORDED = ROOT.parent / "shared" / "golden" / "policy-order.jsonl.gz"
SAMPLE = ROOT / "fixtures" / "golden" / "policy-order-sample.jsonl"
#: Kinds that Calico makes of Kubernetes objects, and the kind whose fields they have.
MADE_OF = {
    "KubernetesNetworkPolicy": "NetworkPolicy",
    "KubernetesClusterNetworkPolicy": "GlobalNetworkPolicy",
    "StagedKubernetesNetworkPolicy": "StagedNetworkPolicy",
}
CHAIN_TYPES = {
    "normal": ChainType.NORMAL,
    "untracked": ChainType.UNTRACKED,
    "preDNAT": ChainType.PRE_DNAT,
    "forward": ChainType.FORWARD,
}

Row = Mapping[str, Any]


def rows() -> list[Row]:
    if RECORDED.exists():
        with gzip.open(RECORDED, "rt") as file:
            return [json.loads(line) for line in file]
    return [json.loads(line) for line in SAMPLE.read_text().splitlines()]


def resource(kind: str, metadata: object, spec: object) -> dict[str, object]:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec}


def tier(row: Row) -> dict[str, object]:
    spec = {key: row[key] for key in ("order", "defaultAction") if row.get(key) is not None}
    return resource("Tier", {"name": row["name"]}, spec)


def endpoint(row: Row) -> dict[str, object]:
    if row["kind"] == "HostEndpoint":
        metadata = {"name": "h", "labels": row.get("labels", {})}
        return resource("HostEndpoint", metadata, {"node": "n1", "interfaceName": row.get("interfaceName", "eth0")})
    spec = {"node": "n1", "interfaceName": "cali1", "ipNetworks": ["10.65.0.2/32"], "orchestrator": "k8s"}
    return resource("WorkloadEndpoint", {"name": "w", "namespace": row["namespace"]}, spec)


def converted(documents: list[dict[str, object]]) -> FelixModel:
    loaded = load([Source("row.json", json.dumps(documents))], stored=True)
    datastore, twice = build(loaded, stored=True)
    compiled = CompiledCluster(datastore)
    assert (loaded.errors, twice, warnings(compiled)) == ([], [], [])
    return compiled.model


def policies(row: Row) -> Iterable[FelixPolicy]:
    """One policy; kinds that Kubernetes objects become are read as the kind whose fields they have."""
    metadata = {key: row[key] for key in ("name", "namespace") if row.get(key)}
    spec = {key: value for key, value in row.items() if key not in ("kind", "name", "namespace")}
    if row["kind"] == "StagedKubernetesNetworkPolicy":
        # What its conversion gives it (libcalico-go/lib/backend/k8s/conversion).
        spec |= {"order": 1000, "selector": "projectcalico.org/orchestrator == 'k8s'"}
    for policy in converted([resource(MADE_OF.get(str(row["kind"]), str(row["kind"])), metadata, spec)]).policies:
        yield replace(policy, id=ResourceId(row["kind"], policy.id.namespace, policy.id.name))


def model_of(row: Row) -> FelixModel:
    model = converted([*map(tier, row["tiers"]), endpoint(row["endpoint"])])
    model.policies = [policy for written in row["policies"] for policy in policies(written)]
    return model


def answer(row: Row) -> tuple[object, object]:
    """(`ordered`, `endpointTiers`) as the recording writes them."""
    model = model_of(row)
    ordered = in_order(model.tiers, model.policies)
    governed = (model.host_endpoints or model.workload_endpoints)[0]
    selected = PolicyCompiler(model, ordered, AddressSets(model)).selected(governed)
    kinds = {}
    for name, chain_type in CHAIN_TYPES.items():
        if not governed.is_host and chain_type is not ChainType.NORMAL:
            continue
        tiers = of_kind(selected, chain_type)
        if tiers:
            kinds[name] = [
                {
                    "tier": tier.tier.name,
                    "ingress": [str(policy.id) for policy in tier.in_direction(Direction.INGRESS)],
                    "egress": [str(policy.id) for policy in tier.in_direction(Direction.EGRESS)],
                }
                for tier in tiers
            ]
    return [[tier.tier.name, [str(policy.id) for policy in tier.policies]] for tier in ordered], kinds


def expected(row: Row) -> tuple[object, object]:
    kinds = {
        name: [{key: tier.get(key) or [] for key in ("tier", "ingress", "egress")} for tier in tiers]
        for name, tiers in row["endpointTiers"].items()
        if tiers
    }
    return row["ordered"], kinds


@pytest.mark.parametrize("family", sorted({row["family"] for row in rows()}))
def test_order(family: str) -> None:
    wrong = [row["id"] for row in rows() if row["family"] == family and answer(row) != expected(row)]
    assert wrong == []
