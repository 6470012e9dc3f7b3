"""Manifests examined without using them: what `calicoctl validate` and `calico-engine validate` report."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from calico_engine.assembly import assemble
from calico_engine.datastore import build
from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen
from calico_engine.garbage import collector_paused
from calico_engine.manifests.calicoctl import refusals
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source, read_sources


@frozen
class Examination:
    """`errors`: what is refused; `warnings`: what else to know; `unreadable`: what could not be read at all.

    `texts`: what was read, by the names that the findings give to files.
    """

    objects: int
    unreadable: tuple[ManifestError, ...]
    errors: tuple[ManifestError, ...]
    warnings: tuple[ManifestError, ...]
    texts: Mapping[str, str]

    @property
    def valid(self) -> bool:
        return not self.errors and not self.unreadable


def examine(
    paths: Sequence[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    stored: bool = False,
    strict: bool = False,
    calicoctl: bool = False,
) -> Examination:
    """Read everything and report all of it. `strict`: warnings count as errors; `calicoctl`: see `examine_sources`."""
    sources, unreadable = read_sources(paths, recursive=recursive)
    found = examine_sources(sources, stored=stored, calicoctl=calicoctl)
    if strict:
        found = replace(found, errors=tuple(sorted([*found.errors, *found.warnings])), warnings=())
    return replace(found, unreadable=tuple(unreadable))


@collector_paused()
def examine_sources(sources: Iterable[Source], *, stored: bool = False, calicoctl: bool = False) -> Examination:
    """The same for texts. `calicoctl`: errors are what `calicoctl validate` refuses, and all else is a warning."""
    texts = list(sources)
    loaded = load(texts, stored=stored)
    datastore, twice = build(loaded, stored=stored)
    assembly = assemble(datastore)
    refused = [*loaded.errors, *twice]
    # What only Felix or the kernel refuses is not calicoctl's verdict, so here it is a warning.
    noted = [*loaded.warnings, *assembly.errors, *assembly.warnings]
    if calicoctl:
        refused, noted = refusals(texts), [*refused, *noted]
        told = {_place(error) for error in refused}
        noted = [finding for finding in noted if _place(finding) not in told]
    return Examination(
        len(loaded.objects) + len(loaded.kubernetes), (), tuple(sorted(refused)), tuple(sorted(noted)), loaded.texts
    )


def _place(finding: ManifestError) -> tuple[object, ...]:
    return finding.file, finding.line, finding.column
