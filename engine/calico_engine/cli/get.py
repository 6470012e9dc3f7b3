"""`calico-engine get`: the objects as the datastore would hold them."""

from __future__ import annotations

from typing import Annotated

import typer

from calico_engine.cli.application import Files, Recursive, Stored, Strict, app


@app.command()
def get(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as heps, gnp, NetworkPolicy, tiers.")],
    files: Files,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", show_default=False)] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", help="ps, wide, yaml, json, name or custom-columns=HEADING,…")
    ] = "ps",
    namespace: Annotated[str | None, typer.Option("-n", "--namespace", help="Otherwise it is default.")] = None,
    all_namespaces: Annotated[bool, typer.Option("-A", "--all-namespaces", help="In whatever namespace.")] = False,
    labels: Annotated[
        str | None, typer.Option("-l", "--selector", help="By labels: env=dev,!old as in kubectl, or as in a policy.")
    ] = None,
    recursive: Recursive = False,
    stored: Stored = False,
    strict: Strict = False,
) -> None:
    """The objects of one kind as calicoctl get shows them: with defaults filled in, built-in ones included."""
    from calico_engine.cli.getting import Request, answer

    request = Request(kind, names or (), output, namespace, all_namespaces, labels)
    raise typer.Exit(answer(request, files, recursive, stored, strict))
