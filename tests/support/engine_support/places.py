"""Places in documents."""

from __future__ import annotations

from collections.abc import Iterator

Place = tuple[str | int, ...]


def places(value: object, path: Place = ()) -> Iterator[Place]:
    """Every place of a document below its top, in order. (The documents of tests are flat: recursion is fine.)"""
    if path:
        yield path
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict | list):
        children = list(value.items() if isinstance(value, dict) else enumerate(value))
    for key, child in children:
        yield from places(child, (*path, key))
