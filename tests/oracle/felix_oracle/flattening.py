"""How Felix comes to one selector for a policy, and to two for each side of a rule: by splicing text (selectors.md 7).

Source: libcalico-go/lib/backend/syncersv1/updateprocessors: globalnetworkpolicyprocessor.go, networkpolicyprocessor.go,
rules.go.
"""

from __future__ import annotations

from calico_engine.resources.rules import EntityRule, ServiceAccountMatch
from calico_selectors import InvalidSelector, Selector

NAMESPACE = "projectcalico.org/namespace"
SERVICE_ACCOUNT = "projectcalico.org/serviceaccount"


def parsed(text: str) -> Selector | None:
    """The selector, or None for text that is none."""
    try:
        return Selector(text)
    except InvalidSelector:
        return None


def _prefixed(prefix: str, text: str) -> str:
    selector = parsed(text)
    return "" if selector is None else str(selector.prefixed(prefix))


def global_policy_selector(selector: str, namespace_selector: str, account_selector: str) -> str:
    """Of a GlobalNetworkPolicy; empty means all endpoints."""
    result = selector
    scopes = ((namespace_selector, "pcns.", NAMESPACE), (account_selector, "pcsa.", SERVICE_ACCOUNT))
    for text, prefix, label in scopes:
        if not text:
            continue
        scope = _prefixed(prefix, text)
        if scope:
            result = f"({result}) && {scope}" if result else scope
        # On purpose in all of the text, the user's own part and string literals included.
        result = result.replace("all()", f"has({label})")
    return result


def namespaced_policy_selector(namespace: str, selector: str, account_selector: str) -> str:
    """Of a NetworkPolicy."""
    own = f"{NAMESPACE} == '{namespace}'"
    result = f"({selector}) && {own}" if selector else own
    accounts = _prefixed("pcsa.", account_selector) if account_selector else ""
    return f"({result}) && {accounts}" if accounts else result


def rule_selectors(side: EntityRule, namespace: str) -> tuple[str, str]:
    """(positive, negative) of one side of a rule of a policy in that namespace, which is empty for a global one."""
    scope = _namespace_part(side, namespace)
    accounts = _account_part(side.service_accounts)
    endpoints = accounts or side.selector
    if accounts and side.selector:
        endpoints = f"({accounts}) && ({side.selector})"
    if scope and (endpoints or side.not_selector or side.namespace_selector):
        return (f"({scope}) && ({endpoints})" if endpoints else scope), side.not_selector
    return endpoints, side.not_selector


def _namespace_part(side: EntityRule, namespace: str) -> str:
    if side.namespace_selector:
        text = _prefixed("pcns.", side.namespace_selector)
        return text.replace("all()", f"has({NAMESPACE})").replace("global()", f"!has({NAMESPACE})")
    return f"{NAMESPACE} == '{namespace}'" if namespace else ""


def _account_part(accounts: ServiceAccountMatch | None) -> str:
    if accounts is None:
        return ""
    selector = _prefixed("pcsa.", accounts.selector) if accounts.selector else ""
    if not accounts.names:
        return selector
    quoted = ", ".join(f"'{name}'" for name in accounts.names)
    listed = parsed(f"{SERVICE_ACCOUNT} in {{ {quoted} }}")
    if listed is None:
        return ""  # the whole condition is lost (selectors.md 7.4)
    return f"({selector}) && ({listed})" if selector else str(listed)


def combined(positive: str, negative: str) -> tuple[str, str]:
    """What the rule scanner makes of both: the negative one becomes part of the positive one, if there is one."""
    if positive and negative:
        return f"({positive}) && (!({negative}))", ""
    return positive, negative
