"""`calico-engine patch`: one object changed by a merge patch, in the files of a folder."""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from calico_engine.cli.application import WrongUsage, app
from calico_engine.cli.changing import Folder, KindName, Name, Namespace, NewFile, Quiet, Subfolders, Write
from calico_engine.cli.screen import print_lines
from calico_engine.errors import quoted
from calico_engine.reports.lines import Line

if TYPE_CHECKING:
    from calico_engine.changes import Target
    from calico_engine.manifests.yaml_values import JsonValue


class PatchType(enum.StrEnum):
    """The types of `calicoctl patch`, which knows them all and looks at none (calicoctl/…/resourcemgr.go: Patch)."""

    STRATEGIC = "strategic"
    MERGE = "merge"
    JSON = "json"


@app.command()
def patch(
    kind: KindName,
    name: Name,
    folder: Folder,
    patch_text: Annotated[str, typer.Option("-p", "--patch", metavar="JSON", help='Such as {"spec": {"order": 5}}.')],
    patch_type: Annotated[
        PatchType, typer.Option("-t", "--type", help="As in calicoctl: taken, and not looked at.")
    ] = PatchType.STRATEGIC,
    namespace: Namespace = None,
    new: NewFile = None,
    write: Write = False,
    quiet: Quiet = False,
    recursive: Subfolders = False,
) -> None:
    """Change one object as calicoctl patch does, whatever the type: mappings merge, null removes, all else replaces."""
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
    if isinstance(target.entry, KubernetesEntry) and any(isinstance(part, list) for part in _parts(change)):
        note = "lists were replaced, as kubectl patch --type merge does; without it kubectl merges some by their keys"
        print_lines([Line(note, "dim")], sys.stderr)


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
    if isinstance(value, list):
        raise WrongUsage(
            '--patch is a JSON object, such as {"spec": {"order": 5}}; JSON Patch is not in calicoctl either'
        )
    if not isinstance(value, dict):
        raise WrongUsage('--patch is a JSON object, such as {"spec": {"order": 5}}')
    # Keys that tell a strategic merge how to merge (k8s.io/apimachinery/pkg/util/strategicpatch).
    directives = (key for part in _parts(value) if isinstance(part, dict) for key in part if key.startswith("$"))
    directive = next(directives, None)
    if directive is not None:
        raise WrongUsage(f"--patch has {quoted(directive)}: directives of strategic merge patches are not known here")
    return value


def _parts(value: JsonValue) -> Iterator[JsonValue]:
    """The value and all that is in it."""
    stack = [value]
    while stack:
        held = stack.pop()
        yield held
        if isinstance(held, dict | list):
            stack += held.values() if isinstance(held, dict) else held


def _text(target: Target) -> str:
    """A manifest of an object that no file has: what Calico itself had put there, with the change."""
    from calico_engine.datastore import Entry
    from calico_engine.manifests.stored import stored_form
    from calico_engine.reports.listings import as_yaml

    assert isinstance(target.entry, Entry)
    form = stored_form(target.entry.resource)
    return as_yaml({key: value for key, value in form.items() if key != "status"})
