"""`calico-engine delete`: one object taken out of the files of a folder."""

from __future__ import annotations

from calico_engine.cli.application import app
from calico_engine.cli.changing import Folder, KindName, Name, Namespace, Quiet, Subfolders, Write


@app.command()
def delete(
    kind: KindName,
    name: Name,
    folder: Folder,
    namespace: Namespace = None,
    write: Write = False,
    quiet: Quiet = False,
    recursive: Subfolders = False,
) -> None:
    """Take one object away as calicoctl delete does; a file that holds nothing else goes with it."""
    from calico_engine import changes
    from calico_engine.cli.changing import finish, kubernetes_name
    from calico_engine.cli.working_copy import WorkingCopy
    from calico_engine.datastore import KubernetesEntry

    copy = WorkingCopy.open(folder, recursive=recursive)
    copy.cluster.delete(kind, name, namespace)
    target = changes.find(copy.datastore, kind, name, namespace)
    copy.remove(target)
    told = f"Successfully deleted 1 '{target.key[0]}' resource(s)"
    if isinstance(target.entry, KubernetesEntry):
        owner, _, own = kubernetes_name(target).partition("/")
        told = f'{owner} "{own}" deleted'
    finish(copy, [told], write=write, quiet=quiet)
