"""Kinds of findings: a stable id for each, for tools that count, group and mute findings.

A finding does not carry its kind. It is told from the sentence where the sentence names it, then from the field.
"""

from __future__ import annotations

import re

from calico_engine.errors import ManifestError
from calico_engine.frozen import frozen


@frozen
class FindingRule:
    """A kind of finding: its id and what all such findings have in common."""

    id: str
    text: str


_BY_SENTENCE: tuple[tuple[FindingRule, re.Pattern[str]], ...] = tuple(
    (FindingRule(name, text), re.compile(pattern))
    for name, text, pattern in (
        ("api-server", "The Kubernetes API server refuses what calicoctl validate accepts.", "^the API server refuses"),
        ("creation", "calicoctl create refuses what calicoctl validate accepts.", "^calicoctl create refuses"),
        ("missing-reference", "Something is referred to that the manifests do not hold.", "^there is no |^no Endpoint"),
        (
            "felix",
            "Felix or the kernel does something else than the object says.",
            r"Felix (would not start|ignores|does not test|drop)|^the kernel refuses|the kernel refuses the rule",
        ),
        (
            "conversion",
            "Calico cannot convert a Kubernetes object, or leaves a part of it out.",
            "^Calico (leaves|cannot)|^what it becomes in Calico",
        ),
        ("lost-text", "calicoctl loses text without a word.", "calicoctl loses|drops (it )?silently|is thrown away"),
        ("empty-document", "A document or file that holds nothing.", "blank lines and comments only|^no resources in"),
        ("skipped-object", "An object takes no part, or is not looked into.", "was skipped|cannot change a verdict"),
        ("duplicate-object", "One object is given more than once.", "is given more than once|object of this name too"),
        (
            "duplicate-key",
            "A key stands twice in its mapping.",
            "^mapping key given twice|brings in the key|keys given",
        ),
        ("unknown-field", "A field that its struct does not have.", "^unknown field|is a field of Calico Enterprise"),
        (
            "unknown-kind",
            "A kind or version that is not known here.",
            "^unknown kind|^calicoctl does not know|is a kind of Calico Enterprise|not part of this Calico release"
            "|and is not read; Calico reads|has the kind|^apiVersion|^kind |^the key must be spelled|^must be a resource",
        ),
        ("wrong-scope", "A namespace where there can be none.", "leave the namespace out"),
        (
            "wrong-type",
            "A value of another type than its field.",
            "^must be (text|a list|a mapping|a number|a whole number|true or false)",
        ),
        ("choice", "A value that is none of those possible here.", "^must be [A-Z]"),
        ("duration", "A duration that is none.", "^(not )?a duration"),
        ("missing-value", "A value that must be given.", "must be given|^a port without hostPort"),
    )
)
_SYNTAX = FindingRule("yaml-syntax", "The text is not YAML as calicoctl reads it.")
_BY_FIELD: tuple[tuple[FindingRule, frozenset[str]], ...] = tuple(
    (FindingRule(name, text), frozenset(fields.split()))
    for name, text, fields in (
        (
            "selector",
            "A selector that is none, or that may not stand here.",
            "selector notSelector namespaceSelector nodeSelector serviceAccountSelector podSelector",
        ),
        ("port", "A port that is none, or that may not stand here.", "ports notPorts port hostPort kubeNodePortRanges"),
        ("protocol", "A protocol that is none, or that may not stand here.", "protocol notProtocol ipVersion"),
        (
            "address",
            "An address or network that is none, or that may not stand here.",
            "nets notNets expectedIPs ipNetworks cidr cidrs ipNATs internalIP externalIP interfaceCIDRs peerIP "
            "ipv4Address ipv6Address ipv4Gateway ipv6Gateway allowSpoofedSourcePrefixes reservedCIDRs",
        ),
        ("icmp", "An ICMP match that cannot be.", "icmp notICMP type code"),
        ("label", "A label or annotation that is none.", "labels annotations labelsToApply"),
        ("name", "A name that is none.", "name names generateName tier node profiles interfaceName"),
        ("services", "A match on services or HTTP that cannot be.", "services http paths methods"),
    )
)
_VALUE = FindingRule("value", "A value that cannot be, or that does not do what it seems to.")

RULES: tuple[FindingRule, ...] = (
    _SYNTAX,
    *(rule for rule, _ in _BY_SENTENCE),
    *(rule for rule, _ in _BY_FIELD),
    _VALUE,
)
_FIELD_NAME = re.compile(r"[^.\[\]]+")


def rule_of(finding: ManifestError) -> FindingRule:
    """The kind that a finding is of.

    >>> rule_of(ManifestError("p.yaml", kind="Tier", path="spec.oder", message='unknown field "oder"')).id
    'unknown-field'
    """
    for rule, pattern in _BY_SENTENCE:
        if pattern.search(finding.message):
            return rule
    if finding.kind is None and finding.path is None:
        return _SYNTAX
    # From the innermost field outwards: an entry of ports, and a port's own fields, are about ports.
    for field in reversed(_FIELD_NAME.findall(finding.path or "")):
        for rule, fields in _BY_FIELD:
            if field in fields:
                return rule
    return _VALUE
