"""What all resources share: how a Go struct of Calico's API is written down as a pydantic dataclass, and metadata.

The models hold what the *load* layer accepts (types and field names), nothing more; the rules of the validator are a
pass of their own. Field names are the API's, in snake case, with the JSON name as alias.
"""

from __future__ import annotations

import re
from dataclasses import field
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, PlainValidator
from pydantic.alias_generators import to_camel

from calico_engine.configuration.go_text import INT64_MAX, INT64_MIN, Duration
from calico_engine.frozen import frozen

_T = TypeVar("_T")
_E = TypeVar("_E")

#: Values of JSON, as YAML and JSON files hold them.
JsonValue = Any

#: A Go slice: a JSON list, kept as a tuple.
Items = tuple[_E, ...]
#: A Go map from text to text, such as labels.
TextMap = dict[str, str]

#: Scalars are taken as they are; what Go's decoder converts is converted before (manifests/decoding.py).
Bool = Annotated[bool, Field(strict=True)]
Int = Annotated[int, Field(strict=True, ge=INT64_MIN, le=INT64_MAX)]
Int32 = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)]
UInt16 = Annotated[int, Field(strict=True, ge=0, le=65535)]
Float = Annotated[float, Field(strict=True)]


class Kept:
    """Marks a field that Calico prints even when it holds nothing: one without `omitempty`."""


class Pointer:
    """Marks a list or map behind a pointer in Go: one that is given but empty is printed too."""


KEPT: Final = Kept()
POINTER: Final = Pointer()

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(value: object) -> str:
    """Check a time as k8s.io/apimachinery metav1.Time does (RFC 3339). Raises ValueError saying what would be right."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            datetime.strptime(value[:19], "%Y-%m-%dT%H:%M:%S")
        except ValueError:
            pass
        else:
            return value
    raise ValueError('a time looks like "2024-01-31T12:00:00Z"')


def parse_duration(value: object) -> Duration:
    """Read a duration as metav1.Duration does. Raises ValueError saying what would be right."""
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError("a duration is a text such as 90s or 1h30m")
    return Duration.parse(value)


Time = Annotated[str, PlainValidator(parse_time)]
DurationValue = Annotated[Duration, PlainValidator(parse_duration)]

CONFIG = ConfigDict(extra="forbid", alias_generator=to_camel)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, Field))
def api_struct(cls: type[_T]) -> type[_T]:
    """Class decorator: a struct of Calico's API as a frozen, slotted dataclass that pydantic can read from JSON."""
    struct: Any = frozen(kw_only=True)(cls)
    struct.__pydantic_config__ = CONFIG
    result: type[_T] = struct
    return result


def json_name(name: str, annotation: object) -> str:
    """The field's name in JSON: its alias, or camel case."""
    aliases = (getattr(item, "alias", None) for item in getattr(annotation, "__metadata__", ()))
    return next((alias for alias in aliases if alias), to_camel(name))


@api_struct
class OwnerReference:
    api_version: Annotated[str, KEPT] = ""
    kind: Annotated[str, KEPT] = ""
    name: Annotated[str, KEPT] = ""
    uid: Annotated[str, KEPT] = ""
    controller: Bool | None = None
    block_owner_deletion: Bool | None = None


@api_struct
class ManagedFields:
    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: Time | None = None
    fields_type: str = ""
    fields_v1: Annotated[JsonValue, Field(alias="fieldsV1")] = None
    subresource: str = ""


@api_struct
class ObjectMeta:
    """Kubernetes' ObjectMeta as far as Calico's types carry it (k8s.io/apimachinery meta/v1)."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    self_link: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: Int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    deletion_grace_period_seconds: Int | None = None
    labels: TextMap = field(default_factory=dict)
    annotations: TextMap = field(default_factory=dict)
    owner_references: Items[OwnerReference] = ()
    finalizers: Items[str] = ()
    managed_fields: Items[ManagedFields] = ()


@api_struct
class Condition:
    """Kubernetes' condition of a status (meta/v1)."""

    type: Annotated[str, KEPT] = ""
    status: Annotated[str, KEPT] = ""
    observed_generation: Int = 0
    last_transition_time: Annotated[Time | None, KEPT] = None
    reason: Annotated[str, KEPT] = ""
    message: Annotated[str, KEPT] = ""


@api_struct
class ConditionsStatus:
    conditions: Items[Condition] = ()
