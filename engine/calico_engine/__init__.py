"""Would this packet be allowed, and why? An in-memory Calico policy engine and simulator (Calico v3.32.1)."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calico_engine.cluster import Cluster
    from calico_engine.dataplane.outcomes import Decision, ReasonCode
    from calico_engine.errors import (
        CalicoEngineError,
        ChangeRefused,
        InvalidConfiguration,
        InvalidManifest,
        InvalidPacket,
        ManifestError,
        OutOfScope,
        UncertainVerdict,
        UnknownReference,
    )
    from calico_engine.packets import Packet
    from calico_engine.synthesis import synthetic_cluster
    from calico_engine.verdicts import Verdict

__all__ = [
    "CalicoEngineError",
    "ChangeRefused",
    "Cluster",
    "Decision",
    "InvalidConfiguration",
    "InvalidManifest",
    "InvalidPacket",
    "ManifestError",
    "OutOfScope",
    "Packet",
    "ReasonCode",
    "UncertainVerdict",
    "UnknownReference",
    "Verdict",
    "synthetic_cluster",
]

_HOMES = {
    "Cluster": "cluster",
    "Decision": "dataplane.outcomes",
    "Packet": "packets",
    "ReasonCode": "dataplane.outcomes",
    "Verdict": "verdicts",
    "synthetic_cluster": "synthesis",
}


def __getattr__(name: str) -> object:
    """Public names are imported when they are first used: whoever wants one room does not pay for the others."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    return value
