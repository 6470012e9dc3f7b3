"""How Go reads and writes numbers, durations and blanks (strconv, time, unicode), as far as Felix uses them.

Readers raise `ValueError` where Go returns an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

#: What Go's `unicode.IsSpace` calls a blank. Python's `str.strip` also takes U+001C to U+001F, which are none in Go.
SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1

_DECIMAL = re.compile(r"[+-]?[0-9]+")
#: strconv.underscoreOK: single underscores between digits, or between a base prefix and a digit.
_INTEGER = re.compile(
    r"0[bB](?P<b>_?[01]+(?:_[01]+)*)|0[oO](?P<o>_?[0-7]+(?:_[0-7]+)*)|0[xX](?P<x>_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)"
    r"|0(?P<octal>_?[0-7]+(?:_[0-7]+)*)|(?P<decimal>0|[1-9][0-9]*(?:_[0-9]+)*)"
)
_BASES = {"b": 2, "o": 8, "x": 16, "octal": 8, "decimal": 10}
_DIGITS, _HEX_DIGITS = "[0-9]+(?:_[0-9]+)*", "[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*"
_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX_FLOAT = re.compile(rf"[+-]?0[xX](?:_?{_HEX_DIGITS}(?:\.(?:{_HEX_DIGITS})?)?|\.{_HEX_DIGITS})[pP][+-]?{_DIGITS}")
_SPECIAL_FLOAT = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE)


def parse_int(text: str) -> int:
    """strconv.ParseInt(text, 0, 64): a sign, Go's prefixes (a leading 0 is octal), underscores between digits.

    >>> parse_int("0x10"), parse_int("010"), parse_int("1_000"), parse_int("+5")
    (16, 8, 1000, 5)
    """
    negative, digits = text[:1] == "-", text[1:] if text[:1] in ("+", "-") else text
    return _in_64_bits(-_unsigned(digits) if negative else _unsigned(digits))


def parse_uint32(text: str) -> int:
    """strconv.ParseUint(text, 0, 32): as `parse_int`, without a sign."""
    value = _unsigned(text)
    if value > 0xFFFFFFFF:
        raise ValueError("the number does not fit into 32 bits")
    return value


def parse_decimal(text: str) -> int:
    """strconv.Atoi: ASCII digits with an optional sign, nothing else.

    >>> parse_decimal("+22"), parse_decimal("007")
    (22, 7)
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a whole number")
    return _in_64_bits(int(_bounded(text, 20)))


def _unsigned(text: str) -> int:
    match = _INTEGER.fullmatch(text)
    if match is None or match.lastgroup is None:
        raise ValueError("not a whole number")
    return int(_bounded(match[match.lastgroup].replace("_", ""), 70), _BASES[match.lastgroup])


def _bounded(digits: str, length: int) -> str:
    """The number, cut when it is far too long to fit anyway: Python refuses to convert thousands of digits."""
    sign, number = (digits[0], digits[1:]) if digits[:1] in ("+", "-") else ("", digits)
    return sign + (number.lstrip("0")[:length] or "0")


def _in_64_bits(value: int) -> int:
    if not INT64_MIN <= value <= INT64_MAX:
        raise ValueError("the number does not fit into 64 bits")
    return value


def parse_float(text: str) -> float:
    """strconv.ParseFloat(text, 64): no blanks, `inf` and `nan` are numbers, out of range is an error."""
    if _SPECIAL_FLOAT.fullmatch(text):
        return float(text)
    try:
        if _FLOAT.fullmatch(text):
            value = float(text)
        elif _HEX_FLOAT.fullmatch(text):
            value = float.fromhex(text.replace("_", ""))
        else:
            raise ValueError("not a number")
    except OverflowError:
        value = float("inf")
    if value in (float("inf"), float("-inf")):
        raise ValueError("the number is out of range")
    return value


def format_float(value: float) -> str:
    """A float as Go's `%v` prints it: the fewest digits, with an exponent from 1e+06 up and below 1e-04.

    >>> format_float(90.0), format_float(0.5), format_float(1000000.0)
    ('90', '0.5', '1e+06')
    """
    if not value:
        return "0"
    number = Decimal(repr(value)).normalize()
    exponent = number.adjusted()
    if -4 <= exponent < 6:  # strconv/ftoa.go: formatDigits decides as if the shortest form had precision 6
        return f"{number:f}"
    sign, digits, _ = number.as_tuple()
    fraction = "".join(map(str, digits[1:]))
    return f"{'-' * sign}{digits[0]}{'.' * bool(fraction)}{fraction}e{exponent:+03d}"


_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)")


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A Go time.Duration; printed as Go prints it.

    >>> str(Duration(90_000_000_000)), Duration.parse("1h5m").seconds
    ('1m30s', 3900.0)
    """

    nanoseconds: int

    @classmethod
    def parse(cls, text: str) -> Duration:
        """time.ParseDuration: `1h30m`, `1.5s`, `-100ms`; every number needs a unit, except a lone 0."""
        negative, rest = text[:1] == "-", text[1:] if text[:1] in ("+", "-") else text
        if rest == "0":
            return cls(0)
        total, at = 0, 0
        while at < len(rest):
            part = _DURATION_PART.match(rest, at)
            if part is None or not (part[1] or part[2]) or part[3] not in _UNITS:
                raise ValueError("not a duration such as 90s or 1h30m")
            total, at = total + _part_nanoseconds(part[1], part[2] or "", _UNITS[part[3]]), part.end()
        if not rest or total > INT64_MAX + negative:
            raise ValueError("not a duration such as 90s or 1h30m" if not rest else "the duration is too long")
        return cls(-total if negative else total)

    @classmethod
    def from_float(cls, value: float, unit: int) -> Duration:
        """`value` units of `unit` nanoseconds, cut to whole ones; what Go cannot represent becomes its lowest value."""
        product = value * unit
        return cls(int(product) if INT64_MIN <= product < INT64_MAX else INT64_MIN)

    @property
    def seconds(self) -> float:
        """time.Duration.Seconds: whole seconds and the rest are converted apart and added."""
        return self._split(10**9)

    @property
    def milliseconds(self) -> float:
        """Milliseconds as the update processor computes them (configurationprocessor.go: configv1timescale)."""
        return self._split(10**6)

    def _split(self, unit: int) -> float:
        whole, rest = divmod(abs(self.nanoseconds), unit)
        return (float(whole) + float(rest) / unit) * (-1 if self.nanoseconds < 0 else 1)

    def __str__(self) -> str:
        size, sign = abs(self.nanoseconds), "-" if self.nanoseconds < 0 else ""
        if size < 10**9:
            unit = next(unit for unit in ("ns", "µs", "ms") if size < _UNITS[unit] * 1000)
            return f"{sign}{_trimmed(size, _UNITS[unit])}{unit}" if size else "0s"
        minutes, rest = divmod(size, 60 * 10**9)
        hours, minutes = divmod(minutes, 60)
        head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{head}{_trimmed(rest, 10**9)}s"


def _part_nanoseconds(whole: str, fraction: str, unit: int) -> int:
    digits = fraction
    while int(digits[:40] or "0") > 1 << 63 or len(digits) > 40:  # time.leadingFraction drops what does not fit
        digits = digits[:40] if len(digits) > 40 else digits[:-1]
    scaled = float(digits or "0") * (float(unit) / float(10 ** len(digits)))  # in floats, as Go does
    return int(_bounded(whole or "0", 20)) * unit + int(scaled)


def _trimmed(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    return f"{whole}.{str(rest).zfill(len(str(unit)) - 1).rstrip('0')}" if rest else str(whole)
