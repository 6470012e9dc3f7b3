"""What all commands share: the application that they register with, exit codes, options."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from calico_engine.cluster import Cluster
from calico_engine.errors import CalicoEngineError, InvalidManifest

ALLOWED, DENIED, BAD_INPUT, UNCERTAIN = 0, 1, 2, 3
INTERRUPTED = 130
#: The release whose behaviour is modelled.
CALICO_VERSION = "v3.32.1"

app = typer.Typer(
    help="Would this packet be allowed, and why? Answers for Calico policy, from the YAML alone.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Output(enum.StrEnum):
    TEXT = "text"
    JSON = "json"


Files = Annotated[list[str], typer.Option("-f", "--filename", help="File, folder, or - for standard input; repeats.")]
Recursive = Annotated[bool, typer.Option("-R", "--recursive", help="Read sub-folders too.")]
Stored = Annotated[bool, typer.Option("--stored", help="The objects are as they lie in a datastore.")]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings are errors.")]
Format = Annotated[Output, typer.Option("-o", "--output", help="text or json.")]


class WrongUsage(CalicoEngineError):
    """The command line does not make sense."""


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"calico-engine {version('calico-engine')}, for Calico {CALICO_VERSION}")
        raise typer.Exit(ALLOWED)


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Keeps the commands named when there is one only."""


def load_cluster(files: list[str], recursive: bool, stored: bool, strict: bool = False) -> Cluster:
    """The cluster of these files. InvalidManifest with all that is wrong; `strict`: warnings are wrong too."""
    cluster = Cluster.load(*files, recursive=recursive, stored=stored)
    if strict and cluster.warnings:
        raise InvalidManifest(cluster.warnings, cluster.texts)
    return cluster
