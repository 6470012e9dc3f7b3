"""`calico-engine label`: labels set and removed on objects, in the files of a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from calico_engine.cli.application import WrongUsage, app
from calico_engine.cli.changing import Folder, KindName, Namespace, Quiet, Subfolders, Write
from calico_engine.resources.kinds import written_apart

if TYPE_CHECKING:
    from calico_engine.changes import Target
    from calico_engine.cli.working_copy import WorkingCopy


@app.command()
def label(
    kind: KindName,
    words: Annotated[list[str], typer.Argument(metavar="[NAME]... KEY=VALUE|KEY-...", show_default=False)],
    folder: Folder,
    every: Annotated[bool, typer.Option("--all", help="Label all objects of the kind.")] = False,
    selector: Annotated[
        str | None, typer.Option("-l", "--selector", help="By labels: env=dev,!old as in kubectl, or as in a policy.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace values that labels have.")] = False,
    namespace: Namespace = None,
    write: Write = False,
    quiet: Quiet = False,
    recursive: Subfolders = False,
) -> None:
    """Set labels (KEY=VALUE) and remove them (KEY-) as kubectl label does."""
    from calico_engine.cli.changing import finish
    from calico_engine.cli.working_copy import WorkingCopy
    from calico_engine.label_filters import label_filter

    names = [word for word in words if not _is_label(word)]
    labels = [word for word in words if _is_label(word)]
    _check(kind, names, labels, every, selector)
    copy = WorkingCopy.open(folder, recursive=recursive)
    cluster = copy.cluster
    for wanted in names or [str(label_filter(selector or ""))]:
        cluster = cluster.label(kind, wanted, *labels, overwrite=overwrite, namespace=namespace)
    targets = _targets(copy, kind, names, selector, namespace)
    told = [line for target in targets for line in _label(copy, target, labels, overwrite)]
    finish(copy, told or ["No resources found"], write=write, quiet=quiet)


def _is_label(word: str) -> bool:
    return "=" in word or word.endswith("-")


def _check(kind: str, names: Sequence[str], labels: Sequence[str], every: bool, selector: str | None) -> None:
    if not labels:
        raise WrongUsage("at least one label is needed: KEY=VALUE sets one, KEY- removes it")
    if [bool(names), every, selector is not None].count(True) != 1:
        raise WrongUsage(f"give one of: names, --all, -l SELECTOR{written_apart(kind)}")
    removed = {word[:-1] for word in labels if "=" not in word}
    both = sorted(removed & {word.partition("=")[0] for word in labels if "=" in word})
    if both:
        raise WrongUsage(f"a label cannot be set and removed in one command: {both[0]}")


def _targets(
    copy: WorkingCopy, kind: str, names: Sequence[str], selector: str | None, namespace: str | None
) -> list[Target]:
    from calico_engine import changes
    from calico_engine.label_filters import label_filter

    if names:
        return [changes.find(copy.datastore, kind, name, namespace) for name in dict.fromkeys(names)]
    return changes.selected(copy.datastore, kind, label_filter(selector or ""), namespace)


def _label(copy: WorkingCopy, target: Target, labels: Sequence[str], overwrite: bool) -> Iterator[str]:
    """Change one object, and say it as kubectl does (pkg/cmd/label/label.go: updateDataChangeMsg)."""
    from calico_engine.changes import merged
    from calico_engine.cli.changing import kubernetes_name

    wanted = {word.partition("=")[0] if "=" in word else word[:-1]: _value(word) for word in labels}
    for key, value in wanted.items():
        if value is None and key not in target.labels:
            yield f"label {json.dumps(key)} not found."
    left = {**target.labels, **wanted}
    after = {key: value for key, value in left.items() if value is not None}
    if after == target.labels:
        yield f"{kubernetes_name(target)} not labeled"
        return
    written = copy.value(target)
    assert isinstance(written, dict)
    copy.replace(target, merged(written, {"metadata": {"labels": wanted}}))
    shorter = not overwrite and _size(after) < _size(target.labels)
    yield f"{kubernetes_name(target)} {'unlabeled' if shorter else 'labeled'}"


def _value(word: str) -> str | None:
    _, equals, value = word.partition("=")
    return value if equals else None


def _size(labels: Mapping[str, str]) -> int:
    return len(json.dumps(dict(labels), separators=(",", ":"), ensure_ascii=False))
