"""Names of automatic host endpoints.

Source: kube-controllers/pkg/controllers/node/hostendpoints.go: generateAutoHostEndpointName, hashNameIfTooLong.
"""

from __future__ import annotations

import base64
import hashlib
import re

_SUFFIX = "auto-hep"
#: Kubernetes' limit, in bytes (k8s.io/apimachinery util/validation: DNS1123SubdomainMaxLength).
_LONGEST = 253


def host_endpoint_name(node: str, template: str = "", interface: str = "") -> str:
    """The name for a node's default host endpoint, or for a template's, or for one interface of a template.

    >>> host_endpoint_name("n1"), host_endpoint_name("n1", "web"), host_endpoint_name("n1", "web", "eth0")
    ('n1-auto-hep', 'n1-web-auto-hep', 'n1-web-eth0-auto-hep')
    """
    name = "-".join(part for part in (node, template, interface, _SUFFIX) if part)
    written = name.encode("utf-8", "surrogatepass")
    return name if len(written) <= _LONGEST else _hashed(written)


def _hashed(name: bytes) -> str:
    """Base64 without the characters that a name could not begin or end with, or hold at all; then in lower case."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(name).digest()).decode()
    return f"{re.sub('[-_.=]', '', digest)}-{_SUFFIX}".lower()
