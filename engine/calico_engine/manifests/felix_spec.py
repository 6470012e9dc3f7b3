"""The spec of a FelixConfiguration as a struct made from the table of its fields, for the decoder to check against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

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
    timeout: Annotated[DurationValue | None, KEPT] = None


@api_struct
class RouteTableRange:
    min: Annotated[Int, KEPT] = 0
    max: Annotated[Int, KEPT] = 0


def _struct(name: str, fields: Mapping[str, Any]) -> type:
    """A struct whose fields are all pointers, named as in JSON."""
    annotations = {
        f"field_{index}": Annotated[annotation | None, Field(alias=json_name), POINTER]
        for index, (json_name, annotation) in enumerate(fields.items())
    }
    return api_struct(type(name, (), {"__annotations__": annotations, **dict.fromkeys(annotations)}))


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
    JsonType.CONNTRACK_TIMEOUTS: _struct("BPFConntrackTimeouts", dict.fromkeys(CONNTRACK_TIMERS, str)),
    JsonType.TABLE_RANGE: RouteTableRange,
    JsonType.TABLE_RANGES: Items[RouteTableRange],
}

#: The struct. Its fields have no names worth using; see the JSON that `encoding` makes of it.
FelixSpec: type = _struct("FelixSpec", {row.name: _TYPES[row.json_type] for row in SPEC_FIELDS.values()})
