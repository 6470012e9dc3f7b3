"""What all resources share: how a Go struct of Calico's API is written down as a pydantic dataclass, and metadata.

The models hold what the *load* layer accepts (types and field names), nothing more; the rules of the validator are a
pass of their own. Field names are the API's, in snake case, with the JSON name as alias.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

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
Int = Annotated[int, Field(strict=True)]
UInt16 = Annotated[int, Field(strict=True, ge=0, le=65535)]
Float = Annotated[float, Field(strict=True)]

CONFIG = ConfigDict(extra="forbid", alias_generator=to_camel)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, Field))
def api_struct(cls: type[_T]) -> type[_T]:
    """Class decorator: a struct of Calico's API as a frozen, slotted dataclass that pydantic can read from JSON."""
    struct = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    struct.__pydantic_config__ = CONFIG  # type: ignore[attr-defined]
    return struct


def json_name(name: str, annotation: object) -> str:
    """The field's name in JSON: its alias, or camel case."""
    aliases = (getattr(item, "alias", None) for item in getattr(annotation, "__metadata__", ()))
    return next((alias for alias in aliases if alias), to_camel(name))


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
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: Int | None = None
    labels: TextMap = field(default_factory=dict)
    annotations: TextMap = field(default_factory=dict)
    owner_references: Items[JsonValue] = ()
    finalizers: Items[str] = ()
    managed_fields: Items[JsonValue] = ()
