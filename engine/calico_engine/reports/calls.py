"""The Python call that makes a value: what a value is shown as in a session or by a failing test."""

from __future__ import annotations

_LONGEST_SHOWN = 20_000  # characters


def parse_call(text: str, *, stored: bool, datastore: str) -> str | None:
    """`Cluster.parse(…)` with the manifests as they were written; None if they are too long to be shown."""
    if len(text) > _LONGEST_SHOWN:
        return None
    fits = "\\" not in text and '"""' not in text and not text.endswith('"')
    options = (", stored=True" if stored else "") + (f", datastore={datastore!r}" if datastore != "kubernetes" else "")
    quoted = f'"""{text}"""' if fits else repr(text)
    return f"Cluster.parse({quoted}{options})"
