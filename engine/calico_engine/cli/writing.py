"""Manifests on standard output, or in a folder with one file for each kind."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from calico_engine.cli.application import WrongUsage
from calico_engine.cli.screen import print_lines, write
from calico_engine.errors import printable
from calico_engine.reports.lines import Line
from calico_engine.reports.listings import as_yaml

Manifest = Mapping[str, object]

#: kind → its file
FILES: Mapping[str, str] = {
    "Node": "nodes.yaml",
    "Namespace": "namespaces.yaml",
    "ServiceAccount": "service-accounts.yaml",
    "Pod": "pods.yaml",
    "IPPool": "ip-pools.yaml",
    "KubeControllersConfiguration": "kube-controllers-configuration.yaml",
    "FelixConfiguration": "felix-configuration.yaml",
}


def print_manifests(manifests: Sequence[Manifest]) -> None:
    """One document after the other, as long as anybody reads."""
    for index, manifest in enumerate(manifests):
        if not write(("---\n" if index else "") + as_yaml(manifest).removesuffix("\n"), sys.stdout):
            return


def write_manifests(manifests: Sequence[Manifest], folder: str, *, force: bool) -> None:
    """All or nothing as far as can be known beforehand: nothing is written if a file is in the way."""
    if not folder:
        raise WrongUsage("an empty name is no folder")
    try:
        lines = _write(manifests, Path(folder), force)
    except OSError as error:
        raise WrongUsage(f"{printable(str(error.filename or folder))}: {error.strerror}") from None
    except ValueError:
        raise WrongUsage(f"{printable(folder)}: no folder can have this name") from None
    print_lines(lines, sys.stdout)


def _write(manifests: Sequence[Manifest], folder: Path, force: bool) -> list[Line]:
    kinds = [kind for kind in FILES if any(manifest["kind"] == kind for manifest in manifests)]
    if folder.exists() and not folder.is_dir():
        raise WrongUsage(f"{printable(str(folder))} is a file, not a folder")
    _refuse_what_is_in_the_way(folder, kinds, force)
    folder.mkdir(parents=True, exist_ok=True)
    return list(_written(manifests, folder, kinds, force))


def _refuse_what_is_in_the_way(folder: Path, kinds: Sequence[str], force: bool) -> None:
    """A file that would not be replaced is in the way even then: it would be read as a part of the new cluster."""
    there = [kind for kind, name in FILES.items() if (folder / name).exists() and not (force and kind in kinds)]
    if there:
        names = ", ".join(FILES[kind] for kind in there)
        hint = "--force does not replace what the new cluster has none of" if force else "--force writes over them"
        raise WrongUsage(f"{printable(str(folder))} already has {names}; choose another folder ({hint})")


def _written(manifests: Sequence[Manifest], folder: Path, kinds: Sequence[str], force: bool) -> Iterator[Line]:
    for kind in kinds:
        texts = [as_yaml(manifest) for manifest in manifests if manifest["kind"] == kind]
        path = folder / FILES[kind]
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write("---\n".join(texts))
        yield Line(f"{printable(str(path))}: {len(texts)} {kind}{'' if len(texts) == 1 else 's'}")
