"""What was worked out for one cluster, taken over for the next, which shares nearly all of its objects."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from operator import is_
from typing import TypeVar, TypeVarTuple, cast

_K = TypeVar("_K")
_T = TypeVar("_T")
_R = TypeVar("_R")
_Given = TypeVarTuple("_Given")
#: (what a function was given, its result)
_Held = tuple[tuple[object, ...], object]
_Results = dict[Hashable, _Held]


class Reuse:
    """Results of functions, used again while a function is given the very same objects, or equal texts.

    So the functions depend on nothing but what they are given, and neither that nor their results are changed ever after.
    They belong to a module or class and are no closures: of each one result is held for each `slot`, and only as long as
    one cluster after the other asks for it.
    """

    def __init__(self, earlier: Reuse | None = None) -> None:
        """`earlier`: what is held for the cluster that this one was made from."""
        self._made: dict[object, _Results] = {}
        #: By function: the results of the last cluster that called it.
        self._earlier: Mapping[object, _Results] = {} if earlier is None else {**earlier._earlier, **earlier._made}

    def of(self, function: Callable[[*_Given], _R], *given: *_Given, slot: Hashable = None) -> _R:
        """What the function makes of it."""
        return self._result(function, slot, given, lambda _: function(*given))

    def renewed(self, function: Callable[[_R | None, *_Given], _R], *given: *_Given, slot: Hashable = None) -> _R:
        """The same of a function that first is given its last result, to take over from it what still holds."""

        def make(held: _Held | None) -> _R:
            return function(None if held is None else cast(_R, held[1]), *given)

        return self._result(function, slot, given, make)

    def each(
        self, function: Callable[[_T, *_Given], _R], table: Mapping[_K, _T], *given: *_Given, slot: Hashable = None
    ) -> Mapping[_K, _R]:
        """What the function makes of every item of a table, under the same keys; only new items are worked on."""

        def make(held: _Held | None) -> Mapping[_K, _R]:
            if held is None or not _same(held[0][1:], given):
                return {key: function(item, *given) for key, item in table.items()}
            known, results = cast(Mapping[_K, _T], held[0][0]), cast(Mapping[_K, _R], held[1])
            new = {key: function(item, *given) for key, item in table.items() if known.get(key) is not item}
            joined = {**results, **new}
            return joined if [*joined] == [*table] else {key: joined[key] for key in table}

        return self._result(function, slot, (table, *given), make)

    def _result(
        self, function: object, slot: Hashable, given: tuple[object, ...], make: Callable[[_Held | None], _R]
    ) -> _R:
        results = self._made.get(function)
        if results is None:
            results = self._made[function] = {}
        held = results.get(slot) or self._earlier.get(function, results).get(slot)
        if held is None or not _same(held[0], given):
            held = given, make(held)
        results[slot] = held
        return cast(_R, held[1])


def _same(held: tuple[object, ...], given: tuple[object, ...]) -> bool:
    if len(held) != len(given):
        return False
    return all(map(is_, held, given)) or all(map(_alike, held, given))


def _alike(held: object, given: object) -> bool:
    return held is given or (isinstance(held, str) and held == given)
