"""Files with findings: two small ones, and a sample of the recorded ones, each with what is found in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from calico_engine.errors import ManifestError
from calico_engine.examination import Examination, examine_sources
from calico_engine.manifests.sources import Source

_SAMPLE = Path(__file__).parents[3] / "fixtures" / "golden" / "validation-sample.jsonl"

POLICY = """\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec:
  selector: role == 'web'
  ingress:
  - action: Alow  # a typo
    protocol: TCP
    destination: {ports: [80, 99999]}
"""
WARNED = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A recorded file and what is found in it."""

    id: str
    found: Examination

    @property
    def findings(self) -> Sequence[ManifestError]:
        return (*self.found.errors, *self.found.warnings)


@cache
def cases() -> tuple[Case, ...]:
    rows = [json.loads(line) for line in _SAMPLE.read_text(encoding="utf-8").splitlines()]
    examined = ((row["id"], examine_sources([Source("dir/a file.yaml", row["yaml"])])) for row in rows)
    return tuple(Case(name, found) for name, found in examined if found.errors or found.warnings)
