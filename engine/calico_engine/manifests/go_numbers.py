"""Numbers as Go prints them."""

import math
import struct
from decimal import ROUND_FLOOR, Context, Decimal

_EXACT = Context(prec=400)


def go_float32_text(value: float) -> str:
    """Return a float as Go prints it with 32 bits of precision, the way a number becomes a text or a key.

    It is ``strconv.FormatFloat(value, 'g', -1, 32)``: the shortest digits that give the same float of 32 bits.

    >>> [go_float32_text(value) for value in (1.0, 1.10, 123456789.0, 0.00001, 1e300)]
    ['1', '1.1', '1.2345679e+08', '1e-05', '+Inf']
    """
    single = _single(value)
    if math.isnan(single):
        return "NaN"
    if math.isinf(single):
        return "+Inf" if single > 0 else "-Inf"
    sign = "-" if math.copysign(1, single) < 0 else ""
    return sign + ("0" if single == 0 else _notation(_shortest(abs(single))))


def go_float64_text(value: float) -> str:
    """Return a float as Go prints it where it keeps all of its digits, such as an order in a table.

    >>> [go_float64_text(value) for value in (1000.0, 10.5, 1000000.0, 1234567.0, -0.00001)]
    ['1000', '10.5', '1e+06', '1.234567e+06', '-1e-05']
    """
    if not math.isfinite(value):
        return go_float32_text(value)
    # Python's repr is the shortest text that gives the same float, as Go's is.
    return ("-" if math.copysign(1, value) < 0 else "") + ("0" if value == 0 else _notation(Decimal(repr(abs(value)))))


def _single(value: float) -> float:
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def _shortest(single: float) -> Decimal:
    """Return the number with the fewest digits that is the same float, and of several the nearest."""
    for precision in range(_ENOUGH_DIGITS):
        rounded = f"{single:.{precision}e}"
        if _single(float(rounded)) == single:
            break
    mantissa, _ = math.frexp(single)
    # Below a power of two floats are twice as dense, so there a number that fits may not be the nearest of its length.
    return _nearest_above(single) if mantissa == 0.5 else Decimal(rounded)


_ENOUGH_DIGITS = 9


def _nearest_above(single: float) -> Decimal:
    exact = Decimal(single)
    for precision in range(_ENOUGH_DIGITS):
        unit = Decimal(1).scaleb(exact.adjusted() - precision)
        below = exact.quantize(unit, ROUND_FLOOR, _EXACT)
        above = _EXACT.add(below, unit)
        fitting = [number for number in (below, above) if _single(float(number)) == single]
        if fitting:
            break
    return min(fitting, key=lambda number: _preference(number, exact))


def _preference(number: Decimal, exact: Decimal) -> tuple[Decimal, int]:
    """Of two numbers that fit, Go takes the nearer one, and the one with an even last digit in the middle."""
    return _EXACT.subtract(number, exact).copy_abs(), number.as_tuple().digits[-1] % 2


def _notation(number: Decimal) -> str:
    power = number.adjusted()
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    # strconv/ftoa.go: formatDigits: the shortest form takes an exponent from a million upwards.
    if -4 <= power < 6:
        return format(number.normalize(_EXACT), "f")
    return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{power:+03d}"
