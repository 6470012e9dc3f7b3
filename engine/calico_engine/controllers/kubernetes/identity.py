"""Who an object is once it is Calico's: its metadata, names, and the UID that is derived from the Kubernetes one.

Source: libcalico-go/lib/backend/k8s/conversion (constants.go, conversion.go: ConvertUID), libcalico-go/lib/names.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from calico_engine.controllers.kubernetes.reading import Struct, Unconvertible, without_empty

#: (kind, namespace, name)
Key = tuple[str, str, str]
#: A Calico object as JSON holds it.
Resource = dict[str, object]

API_VERSION: Final = "projectcalico.org/v3"
ORCHESTRATOR: Final = "k8s"
NAMESPACE_LABEL: Final = "projectcalico.org/namespace"
ORCHESTRATOR_LABEL: Final = "projectcalico.org/orchestrator"
SERVICE_ACCOUNT_LABEL: Final = "projectcalico.org/serviceaccount"
#: The label of the profile of a namespace or service account that holds its name, after the prefix.
NAME_LABEL: Final = "projectcalico.org/name"
NAMESPACE_LABEL_PREFIX, SERVICE_ACCOUNT_LABEL_PREFIX = "pcns.", "pcsa."

_HEX = "[0-9a-fA-F]"
_DASHED = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
#: The forms that github.com/google/uuid takes, by their length. Of braces it looks at the length only.
_UUID_FORMS = {
    36: re.compile(f"({_DASHED})"),
    36 + 9: re.compile(f"urn:uuid:({_DASHED})", re.IGNORECASE),
    36 + 2: re.compile(f".({_DASHED}).", re.DOTALL),
    32: re.compile(f"({_HEX}{{32}})"),
}
#: Version and variant of a UUID stand in these bytes, which stay as they are.
_KEPT_BYTES = (6, 8)


def utf8(text: str) -> bytes:
    """The bytes that Go works on. JSON can hold half of a surrogate pair, which has none."""
    return text.encode("utf-8", "surrogatepass")


def convert_uid(uid: str) -> str:
    """The UID of the Calico object: each byte with its bits reversed. It is its own inverse.

    >>> convert_uid("30316465-6365-4463-ad63-3564622d3638")
    '0c8c26a6-c6a6-44c6-adc6-ac2646b46c1c'
    """
    form = _UUID_FORMS.get(len(utf8(uid)))
    if form is None:
        raise Unconvertible(f"failed to parse UID for resource: invalid UUID length: {len(utf8(uid))}")
    match = form.fullmatch(uid)
    if match is None:
        raise Unconvertible(f"failed to parse UID for resource: {_what_is_wrong(uid)}")
    digits = "".join(
        f"{byte if at in _KEPT_BYTES else int(f'{byte:08b}'[::-1], 2):02x}"
        for at, byte in enumerate(bytes.fromhex(match[1].replace("-", "")))
    )
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _what_is_wrong(uid: str) -> str:
    if len(uid) == 36 + 9 and uid[:9].lower() != "urn:uuid:":
        return f'invalid urn prefix: "{uid[:9]}"'
    return "invalid UUID format"


def metadata_of(kubernetes: Struct, **fields: object) -> Resource:
    """The fields that every converted object takes over, and those given here; empty ones are left out."""
    return without_empty({"creationTimestamp": kubernetes.time("creationTimestamp"), **fields})


def resource(kind: str, metadata: Resource, spec: Resource) -> Resource:
    return {"kind": kind, "apiVersion": API_VERSION, "metadata": metadata, "spec": spec}


def namespace_profile(namespace: str) -> str:
    return f"kns.{namespace}"


def service_account_profile(namespace: str, account: str) -> str:
    return f"ksa.{namespace or 'default'}.{account}"


def workload_name(node: str, pod: str) -> str:
    """The name of a pod's endpoint, dashes within its parts doubled (names/workloadendpoint.go).

    >>> workload_name("node-1", "web-0")
    'node--1-k8s-web--0-eth0'
    """
    if not node:
        raise Unconvertible("error with field node (field should be assigned)")
    return "-".join((_name_part("node", node), ORCHESTRATOR, _name_part("pod", pod), "eth0"))


def _name_part(field: str, text: str) -> str:
    reason = ""
    if not text:
        reason = "field should be assigned"
    elif text.startswith("-"):
        reason = "field must not begin with a '-'"
    elif text.endswith("-"):
        reason = "field must not end with a '-'"
    if reason:
        raise Unconvertible(f"error with field {field} = '{text}' ({reason})")
    return text.replace("-", "--")


def interface_name(namespace: str, pod: str, prefixes: str = "") -> str:
    """The host's end of a pod's network (workload_endpoint_default.go: VethNameForWorkload).

    `prefixes` is the text of FELIX_INTERFACEPREFIX, of which the first item counts.

    >>> interface_name("default", "podA"), interface_name("namespace", "podname", "eni,veth,foo")
    ('cali7f94ce7c295', 'eni82111e10a96')
    """
    digest = hashlib.sha1(utf8(f"{namespace}.{pod}"), usedforsecurity=False).hexdigest()
    return (prefixes.split(",")[0] if prefixes else "cali") + digest[:11]
