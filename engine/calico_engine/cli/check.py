"""`calico-engine check`: one connection, or packets line by line."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from calico_engine.cli.application import (
    ALLOWED,
    BAD_INPUT,
    DENIED,
    UNCERTAIN,
    Files,
    Format,
    Output,
    Recursive,
    Stored,
    Strict,
    WrongUsage,
    app,
    load_cluster,
)
from calico_engine.cli.screen import print_json, print_lines
from calico_engine.cluster import Cluster
from calico_engine.dataplane.outcomes import Decision
from calico_engine.errors import CalicoEngineError, printable
from calico_engine.packets import Packet
from calico_engine.queries import STANDARD_INPUT, parse_query, query_lines
from calico_engine.reports.explanation import explanation_lines
from calico_engine.reports.lines import Line
from calico_engine.verdicts import Verdict

_MESSAGE_LIMIT = 2000


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

    SOURCE and DESTINATION: a node, hep/NAME, NAMESPACE/POD or an address; DESTINATION also svc/NAMESPACE/NAME.
    SERVICE: tcp/10250, icmp/8, ssh …
    """
    if queries is not None:
        if question or source_port is not None:
            raise WrongUsage("give either SOURCE DESTINATION SERVICE or --queries; a query holds its ports itself")
        if queries == STANDARD_INPUT and STANDARD_INPUT in files:
            raise WrongUsage("standard input can hold the manifests or the queries, not both")
        cluster = load_cluster(files, recursive, stored, strict)
        raise typer.Exit(_answer_queries(cluster, queries, trace))
    if question is None or len(question) != 3:
        raise WrongUsage("check needs SOURCE DESTINATION SERVICE, or --queries FILE")
    cluster = load_cluster(files, recursive, stored, strict)
    verdict = cluster.check(question[0], question[1], question[2], source_port=source_port)
    if output is Output.JSON:
        print_json(verdict.to_json(trace=trace))
    else:
        print_lines(list(explanation_lines(verdict.data)), sys.stdout)
        if cluster.warnings:
            many = "1 warning" if len(cluster.warnings) == 1 else f"{len(cluster.warnings)} warnings"
            print_lines([Line(f"{many} about the manifests: see calico-engine validate", "dim")], sys.stderr)
    raise typer.Exit(_exit_code(verdict))


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
        if not print_json(answer, indent=None):
            return BAD_INPUT
    return code
