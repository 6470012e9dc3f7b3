"""`calico-engine apply`: objects created or replaced, in the files of a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from calico_engine.cli.application import app
from calico_engine.cli.changing import Folder, NewFile, Quiet, Subfolders, Write

if TYPE_CHECKING:
    from calico_engine.changes import Target
    from calico_engine.cli.working_copy import WorkingCopy
    from calico_engine.manifests.loading import Loaded


@app.command("apply")
def apply_command(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The objects to apply; - is standard input.")],
    folder: Folder,
    new: NewFile = None,
    write: Write = False,
    quiet: Quiet = False,
    recursive: Subfolders = False,
) -> None:
    """Create objects, or replace those that exist, as calicoctl apply does."""
    from calico_engine import changes
    from calico_engine.cli.changing import finish
    from calico_engine.cli.working_copy import WorkingCopy
    from calico_engine.errors import ChangeRefused

    loaded = _read(file)
    copy = WorkingCopy.open(folder, recursive=recursive, may_be_empty=True)
    if not loaded.errors and not loaded.objects and not loaded.kubernetes:
        raise ChangeRefused("No resources specified in file")
    changes.apply(copy.datastore, loaded)
    copy.cluster.apply(*(f"{text}\n" for text in loaded.texts.values()))
    told = list(_told(copy, loaded, new))
    finish(copy, told, write=write, quiet=quiet)


def _read(file: str) -> Loaded:
    from calico_engine.manifests.loading import load
    from calico_engine.manifests.sources import read_sources

    sources, unreadable = read_sources([file])
    loaded = load(sources)
    loaded.errors += unreadable
    return loaded


def _told(copy: WorkingCopy, loaded: Loaded, new: str | None) -> Iterator[str]:
    """Put every object in its place; Calico's are counted as calicoctl does, Kubernetes' are named as kubectl does."""
    from calico_engine.changes import Target
    from calico_engine.cli.changing import kubernetes_name
    from calico_engine.datastore import build

    addition, _ = build(loaded, stored=True)
    kinds: Counter[str] = Counter()
    for key, entry in addition.entries.items():
        _put(copy, Target(key, entry), copy.datastore.entries.get(key), new)
        kinds[key[0]] += 1
    if kinds:
        kind = f" '{next(iter(kinds))}'" if len(kinds) == 1 else ""
        yield f"Successfully applied {kinds.total()}{kind} resource(s)"
    for found in loaded.kubernetes:
        key = found.value.key
        target = Target(key, addition.kubernetes[key])
        yield f"{kubernetes_name(target)} {_put(copy, target, copy.datastore.kubernetes.get(key), new)}"


def _put(copy: WorkingCopy, target: Target, held: object, new: str | None) -> str:
    from calico_engine.changes import Target
    from calico_engine.cli.changing import new_file
    from calico_engine.datastore import Entry, KubernetesEntry

    value = copy.value(target)
    if not isinstance(held, Entry | KubernetesEntry) or held.origin is None:
        copy.add(new_file(copy, target.key, new), _text(copy, target))
        return "created"
    existing = Target(target.key, held)
    if copy.value(existing) == value:
        return "unchanged"
    copy.replace(existing, value)
    return "configured"


def _text(copy: WorkingCopy, target: Target) -> str:
    """The object as it is written; out of a list, or as JSON, it is written anew."""
    from calico_engine.reports.listings import as_yaml

    origin = target.entry.origin
    assert origin is not None
    text = origin.document.text.lstrip("\ufeff")
    if origin.prefix or text.lstrip().startswith("{"):
        return as_yaml(copy.value(target))
    return text[text.find("\n") + 1 :] if text.startswith("---") else text
