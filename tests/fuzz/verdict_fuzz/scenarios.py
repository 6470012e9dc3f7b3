"""A disagreement as a world of fixtures/vectors/verdict: manifests, the packet, and what the oracle expects."""

from __future__ import annotations

import yaml

from verdict_fuzz.shrinking import Disagreement


class _Block(str):
    """Text that YAML writes as a block."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
)


def scenario(found: Disagreement, title: str) -> str:
    """The YAML text; `$` is doubled, for the runner fills in variants."""
    manifests = yaml.safe_dump_all(found.world.documents, sort_keys=False).replace("$", "$$")
    expectation = {
        "vector": "found",
        "verdict": found.oracle.decision,
        "reason": found.oracle.reason,
        "why": f"the engine says: {found.engine}; the oracle: {found.oracle}",
        "packet": found.query,
    }
    world = {"world": title, "with": [], "stored": found.world.stored, "manifests": _Block(manifests)}
    if not found.world.stored:
        del world["stored"]
    return yaml.dump({**world, "expect": [expectation]}, Dumper=_Dumper, sort_keys=False, width=160)
