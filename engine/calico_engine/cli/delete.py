"""`calico-engine delete`: objects taken out of the files of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from calico_engine.cli.application import app
from calico_engine.cli.changing import Folder, KindName, Namespace, Quiet, Subfolders, Write

if TYPE_CHECKING:
    from calico_engine.changes import Target


@app.command()
def delete(
    kind: KindName,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", show_default=False)],
    folder: Folder,
    namespace: Namespace = None,
    write: Write = False,
    quiet: Quiet = False,
    recursive: Subfolders = False,
) -> None:
    """Take objects of one kind away as calicoctl delete does; a file that holds nothing else goes with them."""
    from calico_engine import changes
    from calico_engine.cli.changing import finish
    from calico_engine.cli.working_copy import WorkingCopy

    copy = WorkingCopy.open(folder, recursive=recursive)
    cluster = copy.cluster
    targets = []
    for name in dict.fromkeys(names):
        cluster = cluster.delete(kind, name, namespace)
        targets.append(changes.find(copy.datastore, kind, name, namespace))
        copy.remove(targets[-1])
    finish(copy, _told(targets), write=write, quiet=quiet)


def _told(targets: Sequence[Target]) -> Iterator[str]:
    """Calico's objects are counted as calicoctl does, Kubernetes' are named as kubectl does."""
    from calico_engine.cli.changing import kubernetes_name
    from calico_engine.datastore import Entry

    own = [target.key[0] for target in targets if isinstance(target.entry, Entry)]
    if own:
        yield f"Successfully deleted {len(own)} '{own[0]}' resource(s)"
    for target in targets:
        if not isinstance(target.entry, Entry):
            owner, _, name = kubernetes_name(target).partition("/")
            yield f'{owner} "{name}" deleted'
