"""JSON inside annotations, read and written as Calico's JSON library does (libcalico-go/lib/json, json-iterator).

null stands for the zero value everywhere; a wrong type anywhere refuses the whole annotation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from calico_engine.frozen import frozen

_HALF_SURROGATES = re.compile("[\ud800-\udfff]")
#: What is escaped in texts: besides the usual, what HTML and JavaScript trip over.
_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_ESCAPES |= {code: f"\\u{code:04x}" for code in (*range(0x20), *b"<>&", 0x2028, 0x2029) if code not in _ESCAPES}


class InvalidAnnotation(ValueError):
    """The annotation's text is not the JSON that is wanted."""


@frozen
class Interface:
    """A host's interface, as calico/node writes it down."""

    name: str
    addresses: tuple[str, ...]


def read_texts(text: str) -> tuple[str, ...]:
    """A list of texts.

    >>> read_texts('["a", null]'), read_texts("null")
    (('a', ''), ())
    """
    return tuple(_text(item) for item in _list(_parsed(text)))


def read_text_map(text: str) -> dict[str, str]:
    """A mapping from text to text, such as labels."""
    return {_text(key): _text(value) for key, value in _mapping(_parsed(text)).items()}


def read_interfaces(text: str) -> tuple[Interface, ...]:
    """A list of interfaces with their addresses."""
    return tuple(_interface(item) for item in _list(_parsed(text)))


def write_text_map(texts: Mapping[str, str] | None) -> str:
    """Compact JSON, keys in byte order; null for None.

    >>> write_text_map({"b": "<", "a": ""})
    '{"a":"","b":"\\\\u003c"}'
    """
    if texts is None:
        return "null"
    return "{" + ",".join(f"{_quoted(key)}:{_quoted(texts[key])}" for key in sorted(texts)) + "}"


def _quoted(text: str) -> str:
    return f'"{_whole(text).translate(_ESCAPES)}"'


def _whole(text: str) -> str:
    """Half a surrogate pair becomes the replacement character, as in all Go texts."""
    return _HALF_SURROGATES.sub("\ufffd", text)


def _parsed(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidAnnotation(str(error)) from None


def _no_constant(name: str) -> object:
    raise InvalidAnnotation(f"{name} is no JSON")


def _interface(value: object) -> Interface:
    fields = {key if key in ("name", "addresses") else key.lower(): item for key, item in _mapping(value).items()}
    return Interface(_text(fields.get("name")), tuple(_text(item) for item in _list(fields.get("addresses"))))


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise InvalidAnnotation("must be text")
    return _whole(value or "")


def _list(value: object) -> list[object]:
    if value is not None and not isinstance(value, list):
        raise InvalidAnnotation("must be a list")
    return value or []


def _mapping(value: object) -> dict[str, object]:
    if value is not None and not isinstance(value, dict):
        raise InvalidAnnotation("must be a mapping")
    return value or {}
