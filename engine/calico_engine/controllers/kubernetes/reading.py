"""Fields of a Kubernetes object, each read with the type that Kubernetes' API gives it.

The input is what a YAML or JSON parser made of somebody's text, so any value may stand anywhere. As in Go's decoder a
missing field and null are the type's zero value, unknown fields are passed over, and a wrong type refuses the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from calico_engine.frozen import frozen
from calico_engine.resources.base import parse_time

_INT32 = range(-(2**31), 2**31)
_GO_ZERO_TIME = "0001-01-01T00:00:00Z"


class Unconvertible(Exception):
    """The object as a whole cannot be converted; the message is Calico's wherever Calico has one."""


class WrongType(Unconvertible):
    """A field holds something that Kubernetes' API does not let it hold."""

    def __init__(self, path: str, wanted: str) -> None:
        super().__init__(f"{path or 'the object'}: must be {wanted}")


@frozen
class Struct:
    """A mapping inside a Kubernetes object, and the path that leads to it.

    >>> Struct({"a": {"b": [{"c": "d"}]}}).struct("a").structs("b")[0].text("c")
    'd'
    """

    values: Mapping[str, object]
    path: str = ""

    @classmethod
    def of(cls, value: object, path: str = "") -> Struct:
        """The mapping `value`; null is an empty one."""
        if value is None:
            return cls({}, path)
        if not isinstance(value, Mapping):
            raise WrongType(path, "a mapping")
        return cls(value, path)

    def given(self, key: str) -> bool:
        """Whether a pointer in Go would not be nil."""
        return self.values.get(key) is not None

    def text(self, key: str) -> str:
        return _text(self.values.get(key), self._at(key))

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise WrongType(self._at(key), "true or false")
        return bool(value)

    def number(self, key: str) -> int | None:
        """A whole number of 32 bits; None if it is not given. YAML may have made a float of it."""
        value = self.values.get(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value not in _INT32:
            raise WrongType(self._at(key), "a whole number of 32 bits")
        return value

    def number_or_text(self, key: str) -> str | None:
        """An IntOrString, as text (k8s.io/apimachinery util/intstr)."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        return str(self.number(key))

    def time(self, key: str) -> str:
        """A time as metav1.Time prints it: in UTC, whole seconds; empty if there is none."""
        value = self.values.get(key)
        if value is None:
            return ""
        if isinstance(value, datetime):  # what PyYAML makes of a time without quotes
            value = (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        try:
            return _in_utc(parse_time(value))
        except (ValueError, OverflowError):
            raise WrongType(self._at(key), "a time such as 2024-01-31T12:00:00Z") from None

    def struct(self, key: str) -> Struct:
        return Struct.of(self.values.get(key), self._at(key))

    def structs(self, key: str) -> tuple[Struct, ...]:
        return tuple(Struct.of(item, f"{self._at(key)}[{index}]") for index, item in enumerate(self._list(key)))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(_text(item, f"{self._at(key)}[{index}]") for index, item in enumerate(self._list(key)))

    def text_map(self, key: str) -> dict[str, str]:
        """Labels or annotations."""
        where = self.struct(key)
        if not all(isinstance(name, str) for name in where.values):
            raise WrongType(where.path, "a mapping from text to text")
        return {name: where.text(name) for name in where.values}

    def _list(self, key: str) -> list[object] | tuple[object, ...]:
        value = self.values.get(key)
        if value is not None and not isinstance(value, list | tuple):
            raise WrongType(self._at(key), "a list")
        return value or ()

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _text(value: object, path: str) -> str:
    if value is not None and not isinstance(value, str):
        raise WrongType(path, "text")
    return value or ""


def _in_utc(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    printed = moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    return "" if printed == _GO_ZERO_TIME else printed


def without_empty(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that Go's `omitempty` leaves: no empty text, list or mapping, and nothing that is None."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {}, ())}
