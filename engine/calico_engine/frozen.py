"""`frozen`: what `@dataclass(frozen=True, slots=True)` makes, at a tenth of its cost when a module is imported.

The standard decorator compiles six methods for every class. The program has some two hundred classes, and each start
would pay for all of them. Here five of the methods are the same code for all classes, and the constructor of a class is
compiled when its first instance is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T], /) -> type[_T]: ...
@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(*, kw_only: bool = False) -> Callable[[type[_T]], type[_T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T] | None = None, /, *, kw_only: bool = False) -> type[_T] | Callable[[type[_T]], type[_T]]:
    """Class decorator: a frozen, slotted dataclass, compared, hashed and printed by its fields.

    >>> @frozen
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(1, 0), hash(Point(1)) == hash(Point(1))
    (Point(x=1, y=0), True, True)
    """
    if cls is None:
        return lambda decorated: _made(decorated, kw_only=kw_only)
    return _made(cls, kw_only=kw_only)


def _made(cls: type[_T], *, kw_only: bool) -> type[_T]:
    cls.__doc__ = cls.__doc__ or cls.__name__  # dataclass would make one up, slowly
    struct: Any = dataclass(init=False, eq=False, repr=False, kw_only=kw_only, slots=True)(cls)
    for name in SHARED_METHODS:
        if name not in cls.__dict__:
            setattr(struct, name, getattr(_Methods, name))
    result: type[_T] = struct
    return result


#: What a class gets unless it has its own.
SHARED_METHODS = (
    "__init__",
    "__eq__",
    "__hash__",
    "__repr__",
    "__setattr__",
    "__delattr__",
    "__getstate__",
    "__setstate__",
)


class _Methods:
    """The methods that all values share."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        model: Any = type(self)
        model.__init__ = _constructor(model)
        model.__init__(self, *args, **kwargs)

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash(_compared(self))

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in _fields(self) if f.repr)
        return f"{type(self).__qualname__.rpartition('.')[2]}({', '.join(shown)})"

    def __setattr__(self, name: str, item: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self) -> tuple[object, ...]:
        return tuple(getattr(self, f.name) for f in _fields(self))

    def __setstate__(self, state: tuple[object, ...]) -> None:
        for item, given in zip(_fields(self), state, strict=True):
            object.__setattr__(self, item.name, given)


def _fields(struct: Any) -> tuple[Field[Any], ...]:
    return fields(struct)


def _compared(struct: Any) -> object:
    """What two values of one class differ in, if they do."""
    return _comparer(struct.__class__)(struct)


@cache
def _comparer(model: Any) -> Callable[[object], object]:
    names = [f.name for f in fields(model) if f.compare]
    return attrgetter(*names) if names else lambda _: ()


def _constructor(model: Any) -> Callable[..., None]:
    """The `__init__` that dataclass would write for a frozen class."""
    positional, body = ["self"], []
    keyword: list[str] = []
    names: dict[str, object] = {"_set": object.__setattr__, "_MISSING": MISSING}
    for item in fields(model):
        parameter, assigned = item.name, item.name
        if item.default is not MISSING:
            names[f"_default_{item.name}"] = item.default
            parameter += f"=_default_{item.name}"
        elif item.default_factory is not MISSING:
            names[f"_make_{item.name}"] = item.default_factory
            parameter += "=_MISSING"
            assigned = f"_make_{item.name}() if {item.name} is _MISSING else {item.name}"
        if not item.init:
            if item.default is MISSING and item.default_factory is MISSING:
                continue
            assigned = f"_default_{item.name}" if item.default is not MISSING else f"_make_{item.name}()"
        else:
            (keyword if item.kw_only else positional).append(parameter)
        body.append(f"_set(self, {item.name!r}, {assigned})")
    if hasattr(model, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join([*positional, "*", *keyword] if keyword else positional)
    source = f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"])
    made: dict[str, Any] = {}
    exec(source, names, made)
    constructor: Callable[..., None] = made["__init__"]
    return constructor
