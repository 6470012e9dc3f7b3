"""Kubernetes quantities such as `10M` (k8s.io/apimachinery pkg/api/resource)."""

from __future__ import annotations

import math
import re
from fractions import Fraction

_QUANTITY = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+|[A-Za-z]{0,2})", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {suffix: 10 * power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}
_INT64_MAX = (1 << 63) - 1
#: Digits and exponents past these cannot matter: the value is cut to 64 bits anyway.
_MOST_DIGITS, _MOST_EXPONENT = 100, 100


def quantity_value(text: str) -> int:
    """The value as a whole number, rounded up, cut to 64 bits. ValueError if the text is no quantity.

    >>> quantity_value("2G"), quantity_value("1.5Ki"), quantity_value("1e3"), quantity_value("100m")
    (2000000000, 1536, 1000, 1)
    """
    match = _QUANTITY.fullmatch(text[: 2 * _MOST_DIGITS])
    if match is None or len(match[2]) > _MOST_DIGITS:
        raise ValueError("not a quantity")
    size = math.ceil(Fraction(match[2]) * _factor(match[3]))
    return -min(size, _INT64_MAX) if match[1] == "-" else min(size, _INT64_MAX)


def _factor(suffix: str) -> Fraction:
    if suffix in _BINARY:
        return Fraction(2) ** _BINARY[suffix]
    if suffix in _DECIMAL:
        return Fraction(10) ** _DECIMAL[suffix]
    if len(suffix) == 1 or suffix[:1] not in ("e", "E"):
        raise ValueError("not the suffix of a quantity")
    exponent = int(suffix[1:8])
    return Fraction(10) ** max(-_MOST_EXPONENT, min(exponent, _MOST_EXPONENT))
