"""What `calico-engine get` does: from its command line to calicoctl's tables, or to the objects as data.

A file of its own beside `get`, so that the other commands start without what is needed here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from calico_engine.cli.application import ALLOWED, DENIED, WrongUsage, load_cluster
from calico_engine.cli.screen import print_lines
from calico_engine.cluster import Cluster
from calico_engine.errors import printable, quoted
from calico_engine.frozen import frozen
from calico_engine.label_filters import label_filter
from calico_engine.listing import kind_named
from calico_engine.manifests.hints import did_you_mean, elsewhere
from calico_engine.reports.lines import Line
from calico_engine.reports.listings import as_json, as_list, as_yaml, names_of
from calico_engine.reports.tables import DEFAULT_AS_NUMBER, headings, table
from calico_engine.resources import API_VERSION, NetworkPolicy
from calico_engine.resources.kinds import KindNames, is_namespaced
from calico_selectors import Selector

Json = Mapping[str, object]

_DEFAULT_NAMESPACE = "default"
_FORMATS = ("ps", "wide", "yaml", "yml", "json", "name", "custom-columns")


@frozen
class Request:
    """The command line of `get`."""

    kind: str
    names: Sequence[str]
    output: str
    namespace: str | None
    all_namespaces: bool
    labels: str | None


@frozen
class _Question:
    """What is asked for. `namespace` is None for all of them, and empty for a kind that has none."""

    kind: KindNames
    names: Sequence[str]
    namespace: str | None
    labels: Selector


def answer(request: Request, files: list[str], recursive: bool, stored: bool, strict: bool) -> int:
    """Print what is asked for; the exit code is 1 if a named object is not there."""
    question = _question(request)
    fmt, chosen = _format(request.output)
    cluster = load_cluster(files, recursive, stored, strict)
    found, missing = _found(cluster, question)
    in_table = request.all_namespaces or request.namespace is not None
    _print(
        cluster, question, found, fmt, chosen or headings(question.kind.kind, wide=fmt == "wide", namespace=in_table)
    )
    print_lines([Line(_absent(cluster, question, name), "bad") for name in missing], sys.stderr)
    return DENIED if missing else ALLOWED


def _question(request: Request) -> _Question:
    if "" in request.names:
        raise WrongUsage("resource name may not be empty")
    if request.labels is not None and request.names:
        raise WrongUsage("give either names or a selector")
    kind = kind_named(request.kind)
    return _Question(kind, request.names, _namespace(kind, request), label_filter(request.labels or ""))


def _namespace(kind: KindNames, request: Request) -> str | None:
    """calicoctl/calicoctl/commands/common/resources.go: handleNamespace."""
    given, everywhere = request.namespace, request.all_namespaces
    if not is_namespaced(kind.kind):
        if given is not None or everywhere:
            raise WrongUsage(f"{kind.kind} is not namespaced")
        return ""
    if given is not None and everywhere:
        raise WrongUsage("cannot use both --namespace and --all-namespaces flags at the same time")
    if everywhere and request.names:
        raise WrongUsage("cannot use --all-namespaces flag for getting a single resource")
    return None if everywhere else given or _DEFAULT_NAMESPACE


def _format(output: str) -> tuple[str, tuple[str, ...]]:
    """The format, and the headings of custom columns."""
    fmt, _, chosen = output.partition("=")
    if fmt not in _FORMATS or (chosen and fmt != "custom-columns"):
        raise WrongUsage(f"unrecognized output format {quoted(output)}{did_you_mean(fmt, _FORMATS)}")
    if fmt == "custom-columns" and not chosen:
        raise WrongUsage("need to specify at least one column: -o custom-columns=NAME,…")
    return fmt, tuple(chosen.split(",")) if chosen else ()


def _found(cluster: Cluster, question: _Question) -> tuple[list[Json], list[str]]:
    """The objects, and the names of those that are not there."""
    kind = question.kind.kind
    if not question.names:
        objects = cluster.get(kind, namespace=question.namespace)
        return [obj for obj in objects if question.labels.matches(_labels(obj))], []
    found: list[Json] = []
    missing = []
    for name in question.names:
        objects = cluster.get(kind, name, question.namespace)
        found += objects
        if not objects:
            missing.append(name)
    return found, missing


def _name(obj: Json) -> str:
    metadata = obj["metadata"]
    return str(metadata["name"]) if isinstance(metadata, Mapping) else ""


def _namespace_of(obj: Json) -> str:
    metadata = obj["metadata"]
    return str(metadata["namespace"]) if isinstance(metadata, Mapping) else ""


def _labels(obj: Json) -> Mapping[str, str]:
    metadata = obj["metadata"]
    return metadata.get("labels", {}) if isinstance(metadata, Mapping) else {}


def _absent(cluster: Cluster, question: _Question, name: str) -> str:
    """calicoctl's words (libcalico-go/lib/errors/errors.go: ErrorResourceDoesNotExist), and the nearest name there is."""
    full = f"{question.namespace}/{name}" if question.namespace else name
    known = [_name(obj) for obj in cluster.get(question.kind.kind, namespace=question.namespace)]
    spaces = (
        elsewhere(_namespace_of(obj) for obj in cluster.get(question.kind.kind, name)) if question.namespace else ""
    )
    hint = spaces or did_you_mean(name, known)
    reason = f'{question.kind.plural}.crd.projectcalico.org "{printable(name)}" not found{hint}'
    # In the Kubernetes datastore calicoctl's client knows nothing of them (libcalico-go/…/resources/networkpolicy.go).
    foreign = "; those of Kubernetes are no Calico objects: see calico-engine convert"
    note = foreign if question.kind.kind == NetworkPolicy.KIND and not spaces else ""
    return f"resource does not exist: {question.kind.kind}({printable(full)}) with error: {reason}{note}"


def _print(cluster: Cluster, question: _Question, found: list[Json], fmt: str, chosen: tuple[str, ...]) -> None:
    kind = question.kind.kind
    if question.names and not found:
        return
    if fmt == "name":
        lines: list[str] = list(names_of(found))
    elif fmt in ("yaml", "yml", "json"):
        whole = _whole(question, found)
        lines = [as_json(whole) if fmt == "json" else as_yaml(whole).removesuffix("\n")]
    else:
        number = _as_number(cluster)
        # Objects that were named one by one have tables of their own.
        groups = [[obj] for obj in found] if question.names else [found]
        lines = [line for group in groups for line in table(kind, group, chosen, as_number=number)]
    print_lines([Line(line) for line in lines], sys.stdout)


def _whole(question: _Question, found: list[Json]) -> object:
    """One named object as it is, several as a bare list, and all of a kind as a list kind."""
    if question.names:
        return found[0] if len(found) == 1 else found
    return as_list(question.kind.kind, API_VERSION, found)


def _as_number(cluster: Cluster) -> str:
    return next(_as_numbers(cluster), DEFAULT_AS_NUMBER)


def _as_numbers(cluster: Cluster) -> Iterator[str]:
    for configuration in cluster.get("BGPConfiguration", "default"):
        spec = configuration["spec"]
        if isinstance(spec, Mapping) and spec.get("asNumber") is not None:
            yield str(spec["asNumber"])
