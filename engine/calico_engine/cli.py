"""The command `calico-engine`. Exit codes: 0 allowed or valid, 1 denied or findings, 2 bad input or usage, 3 uncertain."""

from __future__ import annotations

import contextlib
import enum
import io
import json
import os
import sys
from collections.abc import Iterable
from typing import Annotated, TextIO

import typer

from calico_engine.cluster import Cluster
from calico_engine.dataplane.outcomes import Decision
from calico_engine.errors import CalicoEngineError, InvalidManifest, printable
from calico_engine.examination import examine
from calico_engine.packets import Packet
from calico_engine.queries import STANDARD_INPUT, parse_query, query_lines
from calico_engine.reports.explanation import explanation_lines
from calico_engine.reports.findings import finding_json, finding_lines, validation_lines
from calico_engine.reports.lines import Line
from calico_engine.verdicts import Verdict

ALLOWED, DENIED, BAD_INPUT, UNCERTAIN = 0, 1, 2, 3
INTERRUPTED = 130
_MESSAGE_LIMIT = 2000
_STYLES = {"good": "green", "bad": "red", "unsure": "yellow", "dim": "bright_black"}

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
        if question or source_port is not None:
            raise WrongUsage("give either SOURCE DESTINATION SERVICE or --queries; a query holds its ports itself")
        if queries == STANDARD_INPUT and STANDARD_INPUT in files:
            raise WrongUsage("standard input can hold the manifests or the queries, not both")
        cluster = _cluster(files, recursive, stored, strict)
        raise typer.Exit(_answer_queries(cluster, queries, trace))
    if question is None or len(question) != 3:
        raise WrongUsage("check needs SOURCE DESTINATION SERVICE, or --queries FILE")
    cluster = _cluster(files, recursive, stored, strict)
    verdict = cluster.check(question[0], question[1], question[2], source_port=source_port)
    if output is Output.JSON:
        _print_json(verdict.to_json(trace=trace))
    else:
        _print(list(explanation_lines(verdict.data)), sys.stdout)
        if cluster.warnings:
            many = "1 warning" if len(cluster.warnings) == 1 else f"{len(cluster.warnings)} warnings"
            _print([Line(f"{many} about the manifests: see calico-engine validate", "dim")], sys.stderr)
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
    if found.unreadable:
        raise InvalidManifest((*found.unreadable, *found.errors))
    if output is Output.JSON:
        _print_json(
            {
                "valid": found.valid,
                "errors": [finding_json(error) for error in found.errors],
                "warnings": [finding_json(warning) for warning in found.warnings],
            }
        )
    else:
        _print(validation_lines(found.objects, found.errors, found.warnings), sys.stdout)
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
    for line in query_lines(name):
        try:
            answer = cluster.verdict(Packet.parse(parse_query(line))).to_json(trace=trace)
        except (CalicoEngineError, ValueError) as error:
            answer, code = {"error": printable(str(error), _MESSAGE_LIMIT)}, BAD_INPUT
        if not _print_json(answer, indent=None):
            return BAD_INPUT
    return code


def _print_json(value: object, indent: int | None = 2) -> bool:
    # Non-ASCII text is escaped, so whatever a name holds, nothing of it reaches the terminal as it is.
    return _write(json.dumps(value, indent=indent), sys.stdout)


def _print(lines: Iterable[Line], stream: TextIO) -> None:
    """Colour on a terminal only, and not if NO_COLOR asks for none."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    for line in lines:
        style = _STYLES.get(line.tone)
        _write(typer.style(line.text, fg=style) if colour and style else line.text, stream)


def _write(text: str, stream: TextIO) -> bool:
    """Whether anybody still reads. What nobody reads goes nowhere, and the exit code still tells the answer."""
    try:
        print(text, file=stream)
    except BrokenPipeError:
        _discard(stream)
        return False
    return True


class WrongUsage(CalicoEngineError):
    """The command line does not make sense."""


def run(arguments: list[str]) -> int:
    """The command with these arguments: its exit code. Errors are told, never thrown at the user."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show ✓ shows \u2713 instead of failing.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(arguments, prog_name="calico-engine", standalone_mode=False)
        return code if isinstance(code, int) else ALLOWED
    except InvalidManifest as error:
        _print(finding_lines(error.errors, "error"), sys.stderr)
    except OSError as error:
        _print([Line(_unwritten(error), "bad")], sys.stderr)
    except (CalicoEngineError, ValueError) as error:
        _print([Line(f"error: {printable(str(error), _MESSAGE_LIMIT)}", "bad")], sys.stderr)
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:
        if "CALICO_ENGINE_DEBUG" in os.environ:
            raise
        _print([Line(printable(_unexpected(error), _MESSAGE_LIMIT), "bad")], sys.stderr)
    return BAD_INPUT


def _unexpected(error: Exception) -> str:
    # typer's own errors, about options and arguments; where their class lives differs between its versions.
    told = getattr(error, "format_message", None)
    if callable(told):
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", None) or "calico-engine"
        return f"error: {told()} ({command} -h shows the usage)"
    return f"internal error, please report it: {type(error).__name__}: {error}"


def main() -> None:
    """The entry point."""
    with contextlib.ExitStack() as stack:
        # Python has no stream where the shell has closed it (`>&-`).
        sys.stdout = sys.stdout or stack.enter_context(open(os.devnull, "w"))  # noqa: PTH123
        sys.stderr = sys.stderr or stack.enter_context(open(os.devnull, "w"))  # noqa: PTH123
        code = run(sys.argv[1:])
        raise SystemExit(code if _flushed() else BAD_INPUT)


def _flushed() -> bool:
    """Whether everything could be written. That the reader has gone is its own affair."""
    written = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            _discard(stream)
            if not isinstance(error, BrokenPipeError):
                _print([Line(_unwritten(error), "bad")], sys.stderr)
                written = False
    return written


def _unwritten(error: OSError) -> str:
    return f"error: the answer could not be written: {error.strerror}"


def _discard(stream: TextIO) -> None:
    """What the stream still holds goes nowhere; without this the interpreter complains again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
