"""Which endpoints a selector selects, which of its terms decided, and what was perhaps meant where it selects none.

Labels are those that Felix sees: an endpoint's own, and those that its profiles lend it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from calico_engine.compiler.entities import inherited_labels
from calico_engine.compiler.felix_model import FelixModel, ResourceId
from calico_engine.frozen import frozen
from calico_engine.manifests.hints import nearest
from calico_selectors import Explanation, Selector
from calico_selectors.nodes import Eq, In, Leaf, Ne, NotIn, leaves


@frozen
class EndpointMatch:
    """One endpoint: whether it is selected, and the truth of every term."""

    id: ResourceId
    node: str
    explanation: Explanation

    @property
    def matches(self) -> bool:
        return self.explanation.matches


@frozen
class NearMiss:
    """A label, or a value of one, that no endpoint has. `meant` is what is most like it, and `count` how many have that."""

    label: str
    value: str | None
    meant: str | None
    count: int


@frozen
class Selection:
    """Every endpoint, host endpoints first, and what the selector names in vain."""

    selector: Selector
    endpoints: tuple[EndpointMatch, ...]
    near_misses: tuple[NearMiss, ...]

    @property
    def selected(self) -> tuple[EndpointMatch, ...]:
        return tuple(endpoint for endpoint in self.endpoints if endpoint.matches)


def select(model: FelixModel, selector: Selector) -> Selection:
    """The selector asked of every endpoint."""
    matches = []
    seen: dict[str, Counter[str]] = {}
    for endpoint in sorted((*model.host_endpoints, *model.workload_endpoints), key=lambda endpoint: endpoint.id):
        labels = inherited_labels(endpoint.labels, endpoint.profiles, model.profiles)
        for label, value in labels.items():
            seen.setdefault(label, Counter())[value] += 1
        matches.append(EndpointMatch(endpoint.id, endpoint.node, selector.explain(labels)))
    found = any(match.matches for match in matches)
    misses = dict.fromkeys(miss for term in leaves(selector.tree) for miss in _misses(term, seen))
    # What a selector that selects something names in vain is worth a word only where it looks like a slip.
    return Selection(selector, tuple(matches), tuple(miss for miss in misses if miss.meant is not None or not found))


def _misses(term: Leaf, seen: Mapping[str, Counter[str]]) -> Iterator[NearMiss]:
    label = getattr(term, "label", None)
    if label is None:
        return
    if label not in seen:
        meant = nearest(label, seen)
        yield NearMiss(label, None, meant, 0 if meant is None else seen[meant].total())
        return
    for value in _values(term):
        if value not in seen[label]:
            meant = nearest(value, seen[label])
            yield NearMiss(label, value, meant, 0 if meant is None else seen[label][meant])


def _values(term: Leaf) -> Iterable[str]:
    if isinstance(term, Eq | Ne):
        return (term.value,)
    return term.values if isinstance(term, In | NotIn) else ()
