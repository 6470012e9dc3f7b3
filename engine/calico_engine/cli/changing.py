"""What apply, delete, patch and label share: their options, and how a change is told, shown and written."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calico_engine.cli.screen import print_lines
from calico_engine.errors import printable
from calico_engine.reports.lines import Line
from calico_engine.resources import API_VERSION

if TYPE_CHECKING:
    from calico_engine.changes import Target
    from calico_engine.cli.working_copy import FileChange, WorkingCopy
    from calico_engine.datastore import Key

KindName = Annotated[str, typer.Argument(metavar="KIND", help="Such as gnp, nodes, heps, NetworkPolicy.")]
Name = Annotated[str, typer.Argument(metavar="NAME")]
Folder = Annotated[str, typer.Option("-f", "--filename", metavar="DIR", help="The folder of manifests to work on.")]
Write = Annotated[bool, typer.Option("--write", help="Write the change; otherwise it is only shown.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Do not show the change of the files.")]
Namespace = Annotated[str | None, typer.Option("-n", "--namespace", help="Otherwise it is default.")]
NewFile = Annotated[
    str | None, typer.Option("-o", metavar="FILE", help="The file for new objects; otherwise each has its own.")
]
Subfolders = Annotated[bool, typer.Option("-R", "--recursive", help="Read sub-folders too.")]

_LONGEST_LINE = 10_000
_LONGEST_NAME = 150
_TONES = {"+": "good", "-": "bad", "@": "dim"}


def finish(copy: WorkingCopy, told: Iterable[str], *, write: bool, quiet: bool) -> None:
    """Say what was done, show what becomes of the files, and write them if that is asked for."""
    from calico_engine.cli import working_copy

    changes = copy.changes()
    if write:
        working_copy.write(changes)
    print_lines([Line(text) for text in told], sys.stdout)
    if not quiet:
        print_lines(diff_lines(changes), sys.stdout)
    if changes and not write:
        print_lines([Line("nothing is written yet: --write does it", "dim")], sys.stderr)


def diff_lines(changes: Iterable[FileChange]) -> Iterator[Line]:
    """The change as a unified diff. What a terminal would not show as it is is escaped."""
    for change in changes:
        old, new = ((text or "").splitlines() for text in (change.old, change.new))
        before, after = ("/dev/null" if text is None else str(change.path) for text in (change.old, change.new))
        for text in difflib.unified_diff(old, new, before, after, lineterm=""):
            yield Line(printable(text, _LONGEST_LINE), _TONES.get(text[:1], ""))


def kubernetes_name(target: Target) -> str:
    """As kubectl names an object: `node/n1`, `globalnetworkpolicy.projectcalico.org/p`."""
    from calico_engine.datastore import KubernetesEntry

    kind, _, name = target.key
    entry = target.entry
    version = entry.value.api_version if isinstance(entry, KubernetesEntry) else API_VERSION
    group = version.rpartition("/")[0]
    # Of a node, there is one only in a cluster, and kubectl sees Kubernetes' own.
    full = kind.lower() if not group or kind == "Node" else f"{kind.lower()}.{group}"
    return f"{full}/{printable(name)}"


def new_file(copy: WorkingCopy, key: Key, chosen: str | None) -> Path:
    """The file for a new object."""
    if chosen is not None:
        return Path(chosen)
    kind, namespace, name = key
    full = re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(part for part in (kind.lower(), namespace, name) if part))
    return copy.folder / f"{full[:_LONGEST_NAME]}.yaml"
