"""The command `calico-engine`. Exit codes: 0 allowed or valid, 1 denied or findings, 2 bad input or usage, 3 uncertain."""

from __future__ import annotations

import enum
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, NoReturn, TextIO

import typer

from calico_engine.cluster import Cluster
from calico_engine.dataplane.outcomes import Decision
from calico_engine.errors import CalicoEngineError, InvalidManifest, printable
from calico_engine.examination import examine
from calico_engine.packets import Packet
from calico_engine.reports.explanation import Line, explanation_lines
from calico_engine.reports.findings import finding_json, finding_lines, validation_lines
from calico_engine.verdicts import Verdict

ALLOWED, DENIED, BAD_INPUT, UNCERTAIN = 0, 1, 2, 3
#: A query line longer than this is no query.
_LONGEST_QUERY = 64 * 1024
_STYLES = {"good": "green", "bad": "red", "unsure": "yellow", "dim": "bright_black"}

app = typer.Typer(
    help="Would this packet be allowed, and why? Answers for Calico policy, from the YAML alone.",
    no_args_is_help=True,
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


@app.callback()
def _main() -> None:
    """Keeps the commands named when there is one only."""


@app.command()
def check(
    files: Files,
    question: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE DESTINATION SERVICE", show_default=False)
    ] = None,
    queries: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Packet queries, one JSON object a line.")
    ] = None,
    source_port: Annotated[int | None, typer.Option(help="The connection's source port; otherwise it is open.")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="With -o json: everything that was considered.")] = False,
    output: Format = Output.TEXT,
    recursive: Recursive = False,
    stored: Stored = False,
    strict: Strict = False,
) -> None:
    """Would this connection, or would these packets, be allowed?

    SOURCE and DESTINATION: a node, hep/NAME, NAMESPACE/POD or an address. SERVICE: tcp/10250, icmp/8, ssh …
    """
    if queries is not None:
        if question:
            _fail("give either SOURCE DESTINATION SERVICE or --queries, not both")
        if queries == "-" and "-" in files:
            _fail("standard input can hold the manifests or the queries, not both")
        cluster = _cluster(files, recursive, stored, strict)
        raise typer.Exit(_answer_queries(cluster, queries, trace))
    if question is None or len(question) != 3:
        _fail("check needs SOURCE DESTINATION SERVICE, or --queries FILE")
    cluster = _cluster(files, recursive, stored, strict)
    verdict = cluster.check(question[0], question[1], question[2], source_port=source_port)
    if output is Output.JSON:
        _print_json(verdict.to_json(trace=trace))
    else:
        _print(explanation_lines(verdict.data), sys.stdout)
        if cluster.warnings:
            many = f"{len(cluster.warnings)} warning{'s' if len(cluster.warnings) > 1 else ''}"
            _print([Line(f"{many} about the manifests: calico-engine validate shows them", "dim")], sys.stderr)
    raise typer.Exit(_exit_code(verdict))


@app.command()
def validate(
    files: Files,
    output: Format = Output.TEXT,
    recursive: Recursive = False,
    stored: Stored = False,
    strict: Strict = False,
) -> None:
    """Are these manifests what calicoctl would accept, and what should one know about them?"""
    found = examine(files, recursive=recursive, stored=stored, strict=strict)
    if found.unreadable and not found.objects and not found.errors:
        raise InvalidManifest(found.unreadable)
    errors = tuple(sorted((*found.unreadable, *found.errors)))
    if output is Output.JSON:
        _print_json(
            {
                "valid": found.valid,
                "errors": [finding_json(error) for error in errors],
                "warnings": [finding_json(warning) for warning in found.warnings],
            }
        )
    else:
        _print(validation_lines(found.objects, errors, found.warnings), sys.stdout)
    if found.unreadable:
        raise typer.Exit(BAD_INPUT)
    raise typer.Exit(ALLOWED if found.valid else DENIED)


def _cluster(files: list[str], recursive: bool, stored: bool, strict: bool) -> Cluster:
    cluster = Cluster.load(*files, recursive=recursive, stored=stored)
    if strict and cluster.warnings:
        raise InvalidManifest(cluster.warnings)
    return cluster


def _exit_code(verdict: Verdict) -> int:
    if verdict.decision is Decision.UNCERTAIN:
        return UNCERTAIN
    return ALLOWED if verdict.allowed else DENIED


def _answer_queries(cluster: Cluster, name: str, trace: bool) -> int:
    """One answer a line, in order; a bad line is answered by its error."""
    code = ALLOWED
    for line in _query_lines(name):
        try:
            answer = cluster.verdict(Packet.parse(_query(line))).to_json(trace=trace)
        except (CalicoEngineError, ValueError) as error:
            answer, code = {"error": str(error)}, BAD_INPUT
        _print_json(answer, indent=None)
    return code


def _query_lines(name: str) -> Iterator[str]:
    if name == "-":
        yield from _nonblank(sys.stdin)
        return
    try:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123 (the name may be any path that open takes)
            yield from _nonblank(file)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise CalicoEngineError(f"{printable(name)}: {printable(str(error))}") from None


def _nonblank(file: TextIO) -> Iterator[str]:
    return (line for line in file if line.strip())


def _query(line: str) -> dict[str, object]:
    if len(line) > _LONGEST_QUERY:
        raise ValueError(f"a query has at most {_LONGEST_QUERY} characters")
    try:
        query = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(query, dict):
        raise ValueError("a query is a JSON object")
    return query


def _print_json(value: object, indent: int | None = 2) -> None:
    # Non-ASCII text is escaped, so whatever a name holds, nothing of it reaches the terminal as it is.
    typer.echo(json.dumps(value, indent=indent))


def _print(lines: Iterable[Line], stream: TextIO) -> None:
    """Colour on a terminal only, and not if NO_COLOR asks for none."""
    colour = stream.isatty() and "NO_COLOR" not in os.environ
    for line in lines:
        style = _STYLES.get(line.tone)
        text = typer.style(line.text, fg=style) if colour and style else line.text
        print(text, file=stream)


def _fail(message: str) -> NoReturn:
    raise typer.BadParameter(message)


def main() -> None:
    """The entry point: errors are told, never thrown at the user."""
    try:
        app()
    except InvalidManifest as error:
        _print(finding_lines(error.errors, "error"), sys.stderr)
    except (CalicoEngineError, ValueError) as error:
        _print([Line(f"error: {printable(str(error), 2000)}", "bad")], sys.stderr)
    except BrokenPipeError:
        # The reader has gone; without this the interpreter complains again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except Exception as error:
        if "CALICO_ENGINE_DEBUG" in os.environ:
            raise
        message = f"internal error, please report it: {type(error).__name__}: {error}"
        _print([Line(printable(message, 2000), "bad")], sys.stderr)
    raise SystemExit(BAD_INPUT)
