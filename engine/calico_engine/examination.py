"""Manifests examined without using them: what `calico-engine validate` reports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.findings import errors, warnings
from calico_engine.controllers.convergence import converge
from calico_engine.datastore import build
from calico_engine.errors import ManifestError
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import read_sources


@dataclass(frozen=True, slots=True)
class Examination:
    """`errors`: what calicoctl refuses; `warnings`: what else to know; `unreadable`: what could not be read at all."""

    objects: int
    unreadable: tuple[ManifestError, ...]
    errors: tuple[ManifestError, ...]
    warnings: tuple[ManifestError, ...]

    @property
    def valid(self) -> bool:
        return not self.errors and not self.unreadable


def examine(
    paths: Sequence[str | os.PathLike[str]], *, recursive: bool = False, stored: bool = False, strict: bool = False
) -> Examination:
    """Read everything and report all of it. `strict`: warnings count as errors."""
    sources, unreadable = read_sources(paths, recursive=recursive)
    loaded = load(sources, stored=stored)
    datastore, twice = build(loaded, stored=stored)
    convergence = converge(datastore)
    compiled = CompiledCluster(convergence.datastore)
    refused = [*loaded.errors, *twice]
    # What only Felix or the kernel refuses is not calicoctl's verdict, so here it is a warning.
    noted = [*loaded.warnings, *convergence.errors, *convergence.warnings, *warnings(compiled), *errors(compiled)]
    if strict:
        refused, noted = [*refused, *noted], []
    return Examination(
        len(loaded.objects) + len(loaded.kubernetes), tuple(unreadable), tuple(sorted(refused)), tuple(sorted(noted))
    )
