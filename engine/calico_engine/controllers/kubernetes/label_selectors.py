"""Kubernetes label selectors as the text of a Calico selector (conversion.go: k8sSelectorToCalico).

The text is part of Calico's behaviour: it is spliced into longer selectors, and values are not escaped.
"""

from __future__ import annotations

from calico_engine.controllers.kubernetes.identity import ORCHESTRATOR, ORCHESTRATOR_LABEL
from calico_engine.controllers.kubernetes.reading import Struct

#: Keeps a policy about pods away from host endpoints, which do not carry this label.
ANY_POD = f"{ORCHESTRATOR_LABEL} == '{ORCHESTRATOR}'"


def pod_selector(selector: Struct | None) -> str:
    """Which pods; a missing selector and an empty one mean any pod.

    >>> pod_selector(Struct({"matchLabels": {"b": "2", "a": "1"}}))
    "projectcalico.org/orchestrator == 'k8s' && a == '1' && b == '2'"
    """
    return " && ".join([ANY_POD, *(_terms(selector) if selector is not None else ())])


def namespace_selector(selector: Struct | None) -> str:
    """Which namespaces. A missing selector is the empty text: the policy's own namespace; an empty one is `all()`.

    An unknown operator gives no term, so a selector with nothing else is the empty text too.

    >>> namespace_selector(Struct({"matchExpressions": [{"key": "env", "operator": "In", "values": ["a", "b"]}]}))
    "env in { 'a', 'b' }"
    >>> namespace_selector(Struct({})), namespace_selector(None)
    ('all()', '')
    """
    if selector is None:
        return ""
    if not selector.text_map("matchLabels") and not selector.structs("matchExpressions"):
        return "all()"
    return " && ".join(_terms(selector))


def _terms(selector: Struct) -> list[str]:
    labels = selector.text_map("matchLabels")
    equal = [f"{key} == '{labels[key]}'" for key in sorted(labels)]
    expressions = [_expression(expression) for expression in selector.structs("matchExpressions")]
    return equal + [term for term in expressions if term]


def _expression(expression: Struct) -> str:
    key = expression.text("key")
    values = "', '".join(expression.texts("values"))
    terms = {
        "In": f"{key} in {{ '{values}' }}",
        "NotIn": f"{key} not in {{ '{values}' }}",
        "Exists": f"has({key})",
        "DoesNotExist": f"! has({key})",
    }
    return terms.get(expression.text("operator"), "")
