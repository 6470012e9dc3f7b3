"""Labels in layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class LayeredLabels(Mapping[str, str]):
    """An endpoint's own labels and those that it inherits, as one read-only mapping, without copying them.

    The first layer that has a label gives its value, also an empty one. Felix looks through an endpoint's own
    labels and then through its profiles in the order of its list (label_inheritance_index.go: GetHandle).

    >>> LayeredLabels({"env": "dev"}, {"env": "prod", "team": "a"})["env"]
    'dev'
    """

    __slots__ = ("_layers",)

    def __init__(self, *layers: Mapping[str, str]) -> None:
        self._layers = layers

    def __getitem__(self, label: str) -> str:
        for layer in self._layers:
            if label in layer:
                return layer[label]
        raise KeyError(label)

    def get(self, label: str, default: str | None = None) -> str | None:  # type: ignore[override]
        # Selectors ask only so; the inherited method would raise and catch an error for each missing label.
        for layer in self._layers:
            value = layer.get(label)
            if value is not None:
                return value
        return default

    def __contains__(self, label: object) -> bool:
        return any(label in layer for layer in self._layers)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(label for layer in self._layers for label in layer))

    def __len__(self) -> int:
        return len(set().union(*self._layers))

    def __repr__(self) -> str:
        return f"LayeredLabels({', '.join(map(repr, self._layers))})"
