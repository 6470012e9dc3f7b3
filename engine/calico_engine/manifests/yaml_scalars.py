"""What a YAML scalar means: the rules of go-yaml v2, which calicoctl reads with, and which are nobody else's.

They are YAML 1.1 without base 60 and without dates, with the single letters ``y`` and ``n``, with ``0o17`` and ``1e3``,
and with Go's idea of what an integer of 64 bits is (``go.yaml.in/yaml/v2/resolve.go: resolve``).
"""

import base64
import binascii
import calendar
import math
import re

from calico_engine.manifests.go_numbers import go_float32_text

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + word: math.inf for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOTTED = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
# resolve.go hands what follows 0b to a second reader of integers, which takes a sign there.
_SIGNED_BINARY = re.compile(r"0b([-+][01]+)")
_INT64_MIN, _INT64_MAX, _UINT64_MAX = -(2**63), 2**63 - 1, 2**64 - 1
_LONGEST_DECIMAL = len(str(_UINT64_MAX))

TAG_PREFIX = "tag:yaml.org,2002:"
MERGE_TAG = TAG_PREFIX + "merge"
_TYPE_NAMES = {"bool": "yes or no", "int": "a whole number", "float": "a number", "null": "null", "timestamp": "a date"}
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+]([0-9]{2}):([0-9]{2})))"
    r"|(?: +([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?))?"
)


class UnreadableScalar(ValueError):
    """A scalar that has no value, or no text to be a key; the message says why, in words for the user."""


def resolve_plain(text: str) -> Scalar:
    """Return what the unquoted, untagged scalar ``text`` means.

    >>> [resolve_plain(text) for text in ("n", "017", "0o17", "08", "1e3", "20:22", "2024-01-01", "1_000")]
    [False, 15, 15, 8.0, 1000.0, '20:22', '2024-01-01', 1000]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    # An underscore may stand anywhere in a number, save that in one that begins with a dot it must be between digits.
    if text[0] == "." and not _DOTTED.fullmatch(text):
        return text
    number = _number(text.replace("_", ""))
    return text if number is None else number


class _PlainValues(dict[str, Scalar]):
    """Plain scalars met before and what they mean: manifests repeat themselves. Equal short texts become one object."""

    def __missing__(self, text: str) -> Scalar:
        value = resolve_plain(text)
        if len(text) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[text] = value
        return value


_LONGEST_REMEMBERED, _MOST_REMEMBERED = 40, 50_000
PLAIN_VALUES = _PlainValues()
"""``resolve_plain`` as a mapping, with a bounded memory."""


def _number(text: str) -> int | float | None:
    integer = _INTEGER.fullmatch(text)
    if integer is not None:
        value = _integer(*integer.groups())
        if value is not None and (value <= _INT64_MAX or integer[1] == ""):
            return value
    if _FLOAT.fullmatch(text):
        value_as_float = float(text)
        return None if math.isinf(value_as_float) else value_as_float
    signed = _SIGNED_BINARY.fullmatch(text)
    value = None if signed is None else int(signed[1], 2)
    return value if value is not None and _INT64_MIN <= value <= _INT64_MAX else None


def _integer(sign: str, hexadecimal: str | None, binary: str | None, octal: str | None, decimal: str) -> int | None:
    if hexadecimal or binary or octal:
        digits, base = (hexadecimal, 16) if hexadecimal else (binary, 2) if binary else (octal, 8)
        value = int(digits or "", base)
    else:
        # Python refuses to read thousands of digits, and so many are beyond 64 bits anyway.
        value = int(decimal) if len(decimal) <= _LONGEST_DECIMAL else _UINT64_MAX + 1
    value = -value if sign == "-" else value
    return value if _INT64_MIN <= value <= _UINT64_MAX else None


def resolve_tagged(tag: str, text: str) -> Scalar:
    """Return what ``text`` means under an explicit tag; UnreadableScalar where it cannot be that.

    Tags that YAML 1.1 does not define, or that are for collections, mean nothing and leave the text as it stands.
    """
    kind = tag.removeprefix(TAG_PREFIX) if tag.startswith(TAG_PREFIX) else ""
    if kind == "binary":
        return _decode_binary(text)
    if kind not in _TYPE_NAMES:
        return text
    value = resolve_plain(text)
    if kind == "float" and type(value) is int and value <= _INT64_MAX:
        return float(value)
    if kind == "timestamp" and value == text and is_timestamp(text):
        return text
    if kind == _type_name(value):
        return value
    raise UnreadableScalar(f"the tag !!{kind} wants {_TYPE_NAMES[kind]}, which this is not")


def _type_name(value: Scalar) -> str:
    return "null" if value is None else type(value).__name__


def _decode_binary(text: str) -> str:
    digits = text.replace("\r", "").replace("\n", "")
    try:
        # Go wants the padding exact, Python is content with more of it.
        data = base64.b64decode(digits if len(digits) % 4 == 0 else "=", validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableScalar("the tag !!binary wants base64, which this is not") from None
    # encoding/json writes every byte that is no UTF-8 as one replacement character.
    return re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))


def is_timestamp(text: str) -> bool:
    """Whether go-yaml takes the text for a date or time (``resolve.go: parseTimestamp``)."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return False
    year, month, day, *clock = (int(part or 0) for part in match.groups())
    limits = (23, 59, 59, 24, 59, 23, 59, 59)
    if not 1 <= month <= 12 or any(part > limit for part, limit in zip(clock, limits, strict=True)):
        return False
    # Go has a year 0, a leap year, which the calendar module has not; 2000 is like it.
    return 1 <= day <= calendar.monthrange(year or 2000, month)[1]


def key_text(value: Scalar) -> str:
    """Return the text that a mapping key becomes; UnreadableScalar for null and for integers beyond 63 bits.

    ``sigs.k8s.io/yaml/yaml.go: convertToJSONableObject``: JSON has no keys but texts, and Go's unsigned integers were
    forgotten there.
    """
    if type(value) is str:
        return value
    if value is None:
        raise UnreadableScalar("a key may not be null; quote it to mean the text")
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is float:
        printed = go_float32_text(value)
        return _KEYS_OF_ODD_FLOATS.get(printed, printed)
    if isinstance(value, int) and value > _INT64_MAX:
        raise UnreadableScalar("a number this large cannot be a key; quote it to mean the text")
    return str(value)


_KEYS_OF_ODD_FLOATS = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}
