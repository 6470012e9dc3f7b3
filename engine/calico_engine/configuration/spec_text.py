"""A field of a FelixConfiguration's spec → the text that Felix parses.

Felix never sees the object: its fields become text first, one parameter each, by the rules of libcalico-go
…/updateprocessors/configurationprocessor.go and felixconfigprocessor.go. An empty text means "not set".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from calico_engine.configuration.failsafes import structured_text
from calico_engine.configuration.go_text import Duration, format_float
from calico_engine.configuration.spec_fields import CONNTRACK_TIMERS, JsonType, SpecField

#: A value of a JSON or YAML document.
JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

_DIGITS = re.compile("[0-9]+")


def field_text(field: SpecField, value: JSON) -> str:
    """The text of one field that is set (not null, not an empty text).

    ValueError where the value is not of the field's type, `FailsafeError` where the converter itself crashes.
    """
    return _CONVERTERS[field.json_type](value, field.json_type)


def _wrong(wanted: JsonType) -> ValueError:
    return ValueError(f"must be {wanted.value}")


def _bool(value: JSON, wanted: JsonType) -> str:
    if not isinstance(value, bool):
        raise _wrong(wanted)
    return "true" if value else "false"


def _int(value: JSON, wanted: JsonType) -> str:
    if isinstance(value, float) and value.is_integer():  # 1.0 is a whole number to sigs.k8s.io/yaml
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(wanted)
    return str(value)


def _string(value: JSON, wanted: JsonType) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):  # sigs.k8s.io/yaml turns scalars into text where the field is text
        return str(value).lower()
    raise _wrong(wanted)


def _seconds(value: JSON, wanted: JsonType) -> str:
    return format_float(_duration(value, wanted).seconds)


def _milliseconds(value: JSON, wanted: JsonType) -> str:
    return format_float(_duration(value, wanted).milliseconds)


def _duration(value: JSON, wanted: JsonType) -> Duration:
    if not isinstance(value, str):
        raise _wrong(wanted)
    return Duration.parse(value)


def _port(value: JSON, wanted: JsonType) -> str:
    """numorstring.Port.String: numbers without leading zeros, a range of one port as that port."""
    if not isinstance(value, str):
        return _int(value, wanted)
    first, colon, last = value.partition(":")
    if not _DIGITS.fullmatch(first) or (colon and not _DIGITS.fullmatch(last)):
        return value  # a name
    low, high = first.lstrip("0") or "0", last.lstrip("0") or "0"
    return f"{low}:{high}" if colon and low != high else low


def _dscp(value: JSON, wanted: JsonType) -> str:
    return value if isinstance(value, str) else _int(value, wanted)


def _strings(value: JSON, wanted: JsonType) -> str:
    return ",".join(_string(element, wanted) for element in _list(value, wanted))


def _ports(value: JSON, wanted: JsonType) -> str:
    """Go's `%v` of the list, which the parameter's own parser then refuses: the defect that makes the field useless."""
    return f"[{' '.join(_port(element, wanted) for element in _list(value, wanted))}]"


def _string_map(value: JSON, wanted: JsonType) -> str:
    """`a=1,b=2,`; Go's order is random, which is of no consequence."""
    return "".join(f"{key}={_string(element, wanted)}," for key, element in sorted(_mapping(value, wanted).items()))


def _failsafes(value: JSON, wanted: JsonType) -> str:
    return structured_text([_failsafe(entry, wanted) for entry in _list(value, wanted)])


def _failsafe(entry: JSON, wanted: JsonType) -> Mapping[str, object]:
    fields = _mapping(entry, wanted)
    port = fields.get("port")
    return {**fields, "port": _int(port, wanted) if port is not None else 0}


def _health_timeouts(value: JSON, wanted: JsonType) -> str:
    entries = (_mapping(entry, wanted) for entry in _list(value, wanted))
    return ",".join(f"{_text(entry, 'name')}={Duration.parse(_text(entry, 'timeout') or '0')}" for entry in entries)


def _conntrack_timeouts(value: JSON, wanted: JsonType) -> str:
    timers = _mapping(value, wanted)
    return ",".join(
        f"{felix}={timers[name]}" for name, felix in CONNTRACK_TIMERS.items() if timers.get(name) is not None
    )


def _table_range(value: JSON, wanted: JsonType) -> str:
    entry = _mapping(value, wanted)
    return "-".join(_int(entry.get(key) or 0, wanted) for key in ("min", "max"))


def _table_ranges(value: JSON, wanted: JsonType) -> str:
    return ",".join(_table_range(entry, wanted) for entry in _list(value, wanted))


def _list(value: JSON, wanted: JsonType) -> Sequence[JSON]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _wrong(wanted)
    return value


def _mapping(value: JSON, wanted: JsonType) -> Mapping[str, JSON]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong(wanted)
    return value


def _text(entry: Mapping[str, JSON], key: str) -> str:
    return str(entry.get(key) or "")


_CONVERTERS: Mapping[JsonType, Callable[[JSON, JsonType], str]] = {
    JsonType.BOOL: _bool,
    JsonType.INT: _int,
    JsonType.UINT32: _int,
    JsonType.STRING: _string,
    JsonType.DURATION: _seconds,
    JsonType.DURATION_MS: _milliseconds,
    JsonType.PORT: _port,
    JsonType.DSCP: _dscp,
    JsonType.STRINGS: _strings,
    JsonType.PORTS: _ports,
    JsonType.STRING_MAP: _string_map,
    JsonType.FAILSAFES: _failsafes,
    JsonType.HEALTH_TIMEOUTS: _health_timeouts,
    JsonType.CONNTRACK_TIMEOUTS: _conntrack_timeouts,
    JsonType.TABLE_RANGE: _table_range,
    JsonType.TABLE_RANGES: _table_ranges,
}
