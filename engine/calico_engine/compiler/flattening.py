"""How the selector fields of a policy become the one selector that Felix sees.

The merge is string splicing, and its exact text matters: `all()` is replaced as text, blanks break, quotes break.
Source: libcalico-go/lib/backend/syncersv1/updateprocessors (globalnetworkpolicyprocessor.go, networkpolicyprocessor.go,
rules.go, selectors.go) and felix/calc/rule_scanner.go: combineMatchesIfPossible.
"""

from __future__ import annotations

from calico_engine.resources.rules import EntityRule, ServiceAccountMatch
from calico_selectors import InvalidSelector, Selector

NAMESPACE_LABEL = "projectcalico.org/namespace"
SERVICE_ACCOUNT_LABEL = "projectcalico.org/serviceaccount"
ORCHESTRATOR_LABEL = "projectcalico.org/orchestrator"
NAMESPACE_PREFIX = "pcns."
SERVICE_ACCOUNT_PREFIX = "pcsa."


def with_prefix(prefix: str, text: str) -> str:
    """The canonical text with every label name prefixed; empty if the text does not parse (parseSelectorAttachPrefix)."""
    try:
        return str(Selector(text).prefixed(prefix))
    except InvalidSelector:
        return ""


def global_policy_selector(selector: str, namespace_selector: str, service_account_selector: str) -> str:
    """Which endpoints a GlobalNetworkPolicy applies to. Every textual `all()` is narrowed, the user's own included."""
    if namespace_selector:
        selector = _and(selector, with_prefix(NAMESPACE_PREFIX, namespace_selector))
        selector = selector.replace("all()", f"has({NAMESPACE_LABEL})")
    if service_account_selector:
        selector = _and(selector, with_prefix(SERVICE_ACCOUNT_PREFIX, service_account_selector))
        selector = selector.replace("all()", f"has({SERVICE_ACCOUNT_LABEL})")
    return selector


def namespaced_policy_selector(selector: str, namespace: str, service_account_selector: str) -> str:
    """Which endpoints a NetworkPolicy applies to. Unlike for the global kind, `all()` stays as it is."""
    selector = _and(selector, f"{NAMESPACE_LABEL} == '{namespace}'")
    if service_account_selector:
        selector = _and(selector, with_prefix(SERVICE_ACCOUNT_PREFIX, service_account_selector))
    return selector


def _and(left: str, right: str) -> str:
    if not right:
        return left
    return f"({left}) && {right}" if left else right


def entity_selectors(entity: EntityRule, namespace: str) -> tuple[str, str]:
    """(positive, negative) selector text of one side of a rule; empty = no condition (GetEntityRuleSelector)."""
    endpoint = _endpoint_part(entity)
    namespace_part = _namespace_part(entity.namespace_selector, namespace)
    if namespace_part and (endpoint or entity.not_selector or entity.namespace_selector):
        return (f"({namespace_part}) && ({endpoint})" if endpoint else namespace_part), entity.not_selector
    return endpoint, entity.not_selector


def _namespace_part(namespace_selector: str, namespace: str) -> str:
    if namespace_selector:
        text = with_prefix(NAMESPACE_PREFIX, namespace_selector)
        text = text.replace("all()", f"has({NAMESPACE_LABEL})")
        return text.replace("global()", f"!has({NAMESPACE_LABEL})")
    return f"{NAMESPACE_LABEL} == '{namespace}'" if namespace else ""


def _endpoint_part(entity: EntityRule) -> str:
    accounts = _service_account_part(entity.service_accounts)
    if accounts and entity.selector:
        return f"({accounts}) && ({entity.selector})"
    return accounts or entity.selector


def _service_account_part(match: ServiceAccountMatch | None) -> str:
    """A name with a quote in it can break the spliced text, and then the whole condition is lost (parseServiceAccounts)."""
    if match is None:
        return ""
    selected = with_prefix(SERVICE_ACCOUNT_PREFIX, match.selector) if match.selector else ""
    if not match.names:
        return selected
    listed = "', '".join(match.names)
    named = with_prefix("", f"{SERVICE_ACCOUNT_LABEL} in {{ '{listed}' }}")
    if not named:
        return ""
    return f"({selected}) && ({named})" if selected else named


def combined(positive: str, negative: str) -> tuple[str, str]:
    """(positive, negative) after folding: with both, one selector tested endpoint by endpoint (extractSelectors)."""
    if positive and negative:
        return f"({positive}) && (!({negative}))", ""
    return positive, negative
