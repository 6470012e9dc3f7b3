"""`calico-engine patch`: one object changed by a merge patch, in the files of a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from calico_engine.cli.application import WrongUsage, app
from calico_engine.cli.changing import Folder, KindName, Name, Namespace, NewFile, Quiet, Subfolders, Write

if TYPE_CHECKING:
    from calico_engine.changes import Target
    from calico_engine.manifests.yaml_values import JsonValue


@app.command()
def patch(
    kind: KindName,
    name: Name,
    folder: Folder,
    patch_text: Annotated[str, typer.Option("-p", "--patch", metavar="JSON", help='Such as {"spec": {"order": 5}}.')],
    namespace: Namespace = None,
    new: NewFile = None,
    write: Write = False,
    quiet: Quiet = False,
    recursive: Subfolders = False,
) -> None:
    """Change one object as calicoctl patch does: mappings merge key by key, null removes, all else replaces."""
    from calico_engine import changes
    from calico_engine.cli.changing import finish, kubernetes_name, new_file
    from calico_engine.cli.working_copy import WorkingCopy
    from calico_engine.datastore import KubernetesEntry

    change = _change(patch_text)
    copy = WorkingCopy.open(folder, recursive=recursive)
    copy.cluster.patch(kind, name, change, namespace)
    changed = changes.patch(copy.datastore, kind, name, change, namespace)
    target = changes.find(changed, kind, name, namespace)
    value = copy.value(target)
    if isinstance(value, dict):
        copy.replace(target, changes.merged(value, change))
    else:
        copy.add(new_file(copy, target.key, new), _text(target))
    told = f"Successfully patched 1 '{target.key[0]}' resource"
    if isinstance(target.entry, KubernetesEntry):
        told = f"{kubernetes_name(target)} patched"
    finish(copy, [told], write=write, quiet=quiet)


def _change(text: str) -> dict[str, JsonValue]:
    from calico_engine.manifests.yaml_problems import InvalidYaml
    from calico_engine.manifests.yaml_values import parse_value

    try:
        json.loads(text)
        value = parse_value(text)
    except json.JSONDecodeError as error:
        raise WrongUsage(f"--patch is not JSON: {error.msg} at column {error.colno}") from None
    except InvalidYaml as error:
        raise WrongUsage(f"--patch: {error.problems[0].message}") from None
    except RecursionError:
        raise WrongUsage("--patch is nested too deeply") from None
    if not isinstance(value, dict):
        raise WrongUsage('--patch is a JSON object, such as {"spec": {"order": 5}}')
    return value


def _text(target: Target) -> str:
    """A manifest of an object that no file has: what Calico itself had put there, with the change."""
    from calico_engine.datastore import Entry
    from calico_engine.manifests.stored import stored_form
    from calico_engine.reports.listings import as_yaml

    assert isinstance(target.entry, Entry)
    form = stored_form(target.entry.resource)
    return as_yaml({key: value for key, value in form.items() if key != "status"})
