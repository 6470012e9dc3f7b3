"""Would this packet be allowed, and why? An in-memory Calico policy engine and simulator (Calico v3.32.1)."""

from calico_engine.cluster import Cluster
from calico_engine.dataplane.outcomes import Decision, ReasonCode
from calico_engine.errors import (
    CalicoEngineError,
    InvalidConfiguration,
    InvalidManifest,
    InvalidPacket,
    ManifestError,
    OutOfScope,
    UncertainVerdict,
    UnknownReference,
)
from calico_engine.packets import Packet
from calico_engine.verdicts import Verdict

__all__ = [
    "CalicoEngineError",
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
]
