"""The spec of a FelixConfiguration as a struct made from the table of its fields, for the decoder to check against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from calico_engine.configuration.go_text import Duration
from calico_engine.configuration.spec_fields import CONNTRACK_TIMERS, SPEC_FIELDS, JsonType
from calico_engine.resources.base import (
    KEPT,
    POINTER,
    Bool,
    DurationValue,
    Int,
    Items,
    TextMap,
    UInt16,
    api_struct,
)
from calico_engine.resources.rules import ProtocolValue, RulePort

UInt32 = Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)]


@api_struct
class ProtoPort:
    protocol: str = ""
    port: Annotated[UInt16, KEPT] = 0
    net: str = ""


@api_struct
class HealthTimeoutOverride:
    name: Annotated[str, KEPT] = ""
    timeout: Annotated[DurationValue, KEPT] = Duration(0)


@api_struct
class RouteTableRange:
    min: Annotated[Int, KEPT] = 0
    max: Annotated[Int, KEPT] = 0


#: Texts behind a pointer: an empty one is a value, while other fields that hold an empty text are not set.
_TEXT_POINTERS = frozenset(
    {
        "awsSrcDstCheck",
        "bpfAttachType",
        "bpfConnectTimeLoadBalancing",
        "bpfConntrackMode",
        "bpfHostNetworkedNATWithoutCTLB",
        "bpfJITHardening",
        "debugHost",
        "floatingIPs",
        "flowLogsGoldmaneServer",
        "flowLogsLocalReporter",
        "flowLogsPolicyEvaluationMode",
        "healthHost",
        "iptablesBackend",
        "istioAmbientMode",
        "natOutgoingExclusions",
        "nftablesMode",
        "programClusterRoutes",
        "windowsManageFirewallRules",
    }
)


def _struct(name: str, fields: Mapping[str, Any]) -> type:
    """A struct with these fields, named as in JSON; what is not a plain text or a slice is behind a pointer."""
    annotations: dict[str, Any] = {}
    defaults: dict[str, object] = {}
    for index, (json_name, annotation) in enumerate(fields.items()):
        field = f"field_{index}"
        is_plain = annotation is str and json_name not in _TEXT_POINTERS
        is_slice = annotation == Items[HealthTimeoutOverride]
        defaults[field] = "" if is_plain else () if is_slice else None
        held = annotation if is_plain or is_slice else annotation | None
        annotations[field] = Annotated[held, Field(alias=json_name), *(() if is_plain or is_slice else (POINTER,))]
    return api_struct(type(name, (), {"__annotations__": annotations, **defaults}))


def _timers() -> type:
    annotations = {
        f"field_{index}": Annotated[str | None, Field(alias=timer)] for index, timer in enumerate(CONNTRACK_TIMERS)
    }
    return api_struct(type("BPFConntrackTimeouts", (), {"__annotations__": annotations, **dict.fromkeys(annotations)}))


_TYPES: Mapping[JsonType, Any] = {
    JsonType.BOOL: Bool,
    JsonType.INT: Int,
    JsonType.UINT32: UInt32,
    JsonType.STRING: str,
    JsonType.DURATION: DurationValue,
    JsonType.DURATION_MS: DurationValue,
    JsonType.PORT: RulePort,
    JsonType.DSCP: ProtocolValue,
    JsonType.STRINGS: Items[str],
    JsonType.PORTS: Items[RulePort],
    JsonType.STRING_MAP: TextMap,
    JsonType.FAILSAFES: Items[ProtoPort],
    JsonType.HEALTH_TIMEOUTS: Items[HealthTimeoutOverride],
    JsonType.CONNTRACK_TIMEOUTS: _timers(),
    JsonType.TABLE_RANGE: RouteTableRange,
    JsonType.TABLE_RANGES: Items[RouteTableRange],
}

#: The struct. Its fields have no names worth using; see the JSON that `encoding` makes of it.
FelixSpec: type = _struct("FelixSpec", {row.name: _TYPES[row.json_type] for row in SPEC_FIELDS.values()})
