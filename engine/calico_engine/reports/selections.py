"""What a selector selects, as text and as JSON. The shape is published in `schemas/selection.schema.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.analysis.selection import EndpointMatch, NearMiss, Selection
from calico_engine.errors import printable
from calico_engine.reports.lines import Line
from calico_selectors import TermResult

_SHOWN = 200


def selection_lines(selection: Selection, *, why: bool = False) -> Iterator[Line]:
    """A line for each endpoint, marked; `why`: and under it the terms that decided."""
    for endpoint in selection.endpoints:
        mark, tone = ("✓", "good") if endpoint.matches else ("✗", "dim")
        yield Line(f"{mark} {_name(endpoint)}", tone)
        for term in endpoint.explanation.decisive if why else ():
            yield Line(f"    {'✓' if term.holds else '✗'} {_term(term)}", tone)
    yield Line(f"{len(selection.selected)} of {_endpoints(len(selection.endpoints))} selected")
    for miss in selection.near_misses:
        yield Line(_near_miss(miss), "unsure")


def selection_json(selection: Selection, *, why: bool = False) -> Mapping[str, object]:
    """The selector in its canonical form, every endpoint, and what the selector names in vain."""
    return {
        "selector": str(selection.selector),
        "endpoints": [_endpoint_json(endpoint, why) for endpoint in selection.endpoints],
        "nearMisses": [
            {"label": miss.label, "value": miss.value, "meant": miss.meant, "count": miss.count}
            for miss in selection.near_misses
        ],
    }


def _endpoint_json(endpoint: EndpointMatch, why: bool) -> Mapping[str, object]:
    terms = [
        {"term": term.text, "label": term.label, "value": term.value, "holds": term.holds, "decisive": term.decisive}
        for term in endpoint.explanation.terms
    ]
    owner = {"kind": endpoint.id.kind, "namespace": endpoint.id.namespace or None, "name": endpoint.id.name}
    return {**owner, "node": endpoint.node, "selected": endpoint.matches} | ({"terms": terms} if why else {})


def _name(endpoint: EndpointMatch) -> str:
    return " ".join([endpoint.id.kind, "/".join(printable(p) for p in (endpoint.id.namespace, endpoint.id.name) if p)])


def _term(term: TermResult) -> str:
    text = printable(term.text, _SHOWN)
    if term.label is None:
        return text
    if term.value is None:
        return f"{text}: there is no label {printable(term.label, _SHOWN)}"
    return f'{text}: {printable(term.label, _SHOWN)} is "{printable(term.value, _SHOWN)}"'


def _near_miss(miss: NearMiss) -> str:
    label = printable(miss.label, _SHOWN)
    if miss.value is None:
        what, meant = f"the label `{label}`", f"`{printable(miss.meant or '', _SHOWN)}`"
    else:
        what, meant = f'{label} "{printable(miss.value, _SHOWN)}"', f'"{printable(miss.meant or "", _SHOWN)}"'
    have = "has" if miss.count == 1 else "have"
    return f"no endpoint has {what}" + ("" if miss.meant is None else f"; {miss.count} {have} {meant}")


def _endpoints(number: int) -> str:
    return "1 endpoint" if number == 1 else f"{number} endpoints"
