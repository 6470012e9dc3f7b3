"""Names of Felix's chains (felix/rules/rule_defs.go); at most 28 characters, the rest is a hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from felix_oracle.felix import INGRESS, PolicyId

_MAX_LENGTH = 28
#: The wildcard host endpoint's chains; longer than any interface's name.
ANY_INTERFACE = "any-interface-at-all"

INPUT, FORWARD, OUTPUT = "cali-INPUT", "cali-FORWARD", "cali-OUTPUT"
PREROUTING, POSTROUTING = "cali-PREROUTING", "cali-POSTROUTING"
FAILSAFE_IN, FAILSAFE_OUT = "cali-failsafe-in", "cali-failsafe-out"
WORKLOAD_TO_HOST = "cali-wl-to-host"
FROM_WORKLOAD, TO_WORKLOAD = "cali-from-wl-dispatch", "cali-to-wl-dispatch"
FROM_HOST_ENDPOINT, TO_HOST_ENDPOINT = "cali-from-host-endpoint", "cali-to-host-endpoint"
FROM_ENDPOINT_FORWARD, TO_ENDPOINT_FORWARD = "cali-from-hep-forward", "cali-to-hep-forward"
RPF_SKIP = "cali-rpf-skip"
CIDR_BLOCK = "cali-cidr-block"

_KINDS: Mapping[str, str] = {"GlobalNetworkPolicy": "gnp", "NetworkPolicy": "np"}


def limited(prefix: str, name: str) -> str:
    """The name, or a hash of it where it would be too long; a name that looks like a hash is hashed too."""
    if len(prefix + name) <= _MAX_LENGTH and not name.startswith("_"):
        return prefix + name
    digest = base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()
    return f"{prefix}_{digest}"[:_MAX_LENGTH]


def policy_chain(policy: PolicyId, direction: str) -> str:
    kind, namespace, name = policy
    own = f"{namespace}/{name}" if namespace else name
    return limited("cali-pi-" if direction == INGRESS else "cali-po-", f"{_KINDS.get(kind, kind)}/{own}")


def profile_chain(profile: str, direction: str) -> str:
    return limited("cali-pri-" if direction == INGRESS else "cali-pro-", profile)


def group_chain(identity: str, direction: str) -> str:
    """Of a group of policies; the identity tells all about it."""
    return limited("cali-gi-" if direction == INGRESS else "cali-go-", f"_{identity}")


def workload_chain(interface: str, direction: str) -> str:
    return limited("cali-tw-" if direction == INGRESS else "cali-fw-", interface)


def host_chain(interface: str, direction: str) -> str:
    return limited("cali-fh-" if direction == INGRESS else "cali-th-", interface)


def host_forward_chain(interface: str, direction: str) -> str:
    return limited("cali-fhfw-" if direction == INGRESS else "cali-thfw-", interface)
