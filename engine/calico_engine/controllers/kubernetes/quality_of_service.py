"""Annotations about quality of service → the limits of a workload endpoint; they never change a verdict.

Source: libcalico-go/lib/backend/k8s/conversion/workload_endpoint_default.go: handleQoSControlsAnnotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.controllers.kubernetes.quantities import quantity_value

_KUBERNETES, _CALICO = "kubernetes.io/", "qos.projectcalico.org/"
#: name after the direction → least and greatest value; what is outside is brought to the bound.
_LIMITS = {
    "Bandwidth": (10**3, 10**15),
    "Burst": (10**3, 8 * (2**32 - 1)),
    "Peakrate": (1010, 101 * 10**13),
    "Minburst": (10**3, 10**8),
    "PacketRate": (1, 10**4),
    "PacketBurst": (1, 10**4),
    "MaxConnections": (1, 2**32 - 1),
}
_DEFAULT_BURST, _DEFAULT_PACKET_BURST = 4 * 2**30, 5
_CODE_POINTS = {"DF", "EF", *(f"AF{i}{j}" for i in range(1, 5) for j in range(1, 4)), *(f"CS{i}" for i in range(7))}


def quality_of_service(annotations: Mapping[str, str]) -> dict[str, object]:
    """The limits that the annotations ask for. What cannot be read counts as not given."""
    controls: dict[str, object] = {}
    for direction in ("ingress", "egress"):
        limits = _linked(dict(_read(annotations, direction)))
        controls |= {direction + name: value for name, value in limits.items() if value}
    code_point = _code_point(annotations.get(f"{_CALICO}dscp", ""))
    return controls if code_point is None else controls | {"dscp": code_point}


def _read(annotations: Mapping[str, str], direction: str) -> Iterator[tuple[str, int]]:
    for name, (least, greatest) in _LIMITS.items():
        text = annotations.get(f"{_CALICO}{direction}{name}")
        if text is None and name == "Bandwidth":
            text = annotations.get(f"{_KUBERNETES}{direction}-bandwidth")
        if text is None:
            continue
        try:
            yield name, min(max(quantity_value(text), least), greatest)
        except ValueError:
            continue


def _linked(limits: dict[str, int]) -> dict[str, int]:
    """Limits that need others vanish without them, and some have defaults."""
    bandwidth, peak = limits.get("Bandwidth", 0), limits.get("Peakrate", 0)
    limits["Burst"] = (limits.get("Burst") or _DEFAULT_BURST) if bandwidth else 0
    limits["Peakrate"] = peak if 0 < bandwidth < peak else 0
    limits["Minburst"] = limits.get("Minburst", 0) if limits["Peakrate"] else 0
    limits["PacketBurst"] = (limits.get("PacketBurst") or _DEFAULT_PACKET_BURST) if limits.get("PacketRate") else 0
    return limits


def _code_point(text: str) -> int | str | None:
    """A DSCP number up to 63, or a name (api/pkg/lib/numorstring/dscp.go)."""
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0") or "0"
        return int(digits) if len(digits) < 3 and int(digits) <= 63 else None
    return next((name for name in sorted(_CODE_POINTS) if name == text.strip().upper()), None)
