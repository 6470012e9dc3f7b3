"""Rules: the shared types of every policy and profile (api/pkg/apis/projectcalico/v3/policy_common.go)."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Annotated

from pydantic import Field, PlainValidator

from calico_engine.frozen import frozen
from calico_engine.resources.base import KEPT, Int, Items, TextMap, api_struct

_NAMED_PORT = re.compile(r"[a-zA-Z0-9_.-]{1,128}")


@frozen
class Port:
    """A port of a rule: a range of numbers (`first` to `last`, both included) or a name."""

    first: int
    last: int
    name: str | None = None

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        return str(self.first) if self.first == self.last else f"{self.first}:{self.last}"


def _decimal(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= 5 and int(digits) <= 65535 else None


def parse_port(value: object) -> Port:
    """Read a port as api/pkg/lib/numorstring/port.go does. Raises ValueError saying what would be right."""
    if isinstance(value, Port):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value <= 65535:
            return Port(value, value)
        raise ValueError(f"port {value} is not from 0 to 65535")
    if not isinstance(value, str):
        raise ValueError('a port is a number, a range such as "8000:8080", or a name')
    return _port_from_text(value)


def _port_from_text(text: str) -> Port:
    if text.isascii() and text.isdigit():
        number = _decimal(text)
        if number is None:
            raise ValueError(f"port {text[:20]} is not from 0 to 65535")
        return Port(number, number)
    first, colon, last = text.partition(":")
    if colon and first.isascii() and first.isdigit() and last.isascii() and last.isdigit():
        low, high = _decimal(first), _decimal(last)
        if low is None or high is None:
            raise ValueError(f"port range {text[:20]} is not within 0 to 65535")
        if low > high:
            raise ValueError(f"port range {text[:20]} starts above its end")
        return Port(low, high)
    if not _NAMED_PORT.fullmatch(text):
        raise ValueError(f'"{text[:40]}" is no port: a number, a range such as "8000:8080", or a name')
    return Port(0, 0, text)


def parse_protocol(value: object) -> int | str:
    """Read a protocol as api/pkg/lib/numorstring/uint8orstring.go does: a number 0 to 255, or any text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value <= 255:
            return value
        raise ValueError(f"protocol {value} is not from 0 to 255")
    if not isinstance(value, str):
        raise ValueError("a protocol is a name such as TCP or a number from 1 to 255")
    number = _decimal(value)
    return number if number is not None and number <= 255 else value


RulePort = Annotated[Port, PlainValidator(parse_port)]
ProtocolValue = Annotated[int | str, PlainValidator(parse_protocol)]


@api_struct
class ServiceAccountMatch:
    names: Items[str] = ()
    selector: str = ""


@api_struct
class ServiceMatch:
    name: str = ""
    namespace: str = ""


@api_struct
class EntityRule:
    """One side of a rule: what the source, or the destination, must be."""

    nets: Items[str] = ()
    selector: str = ""
    namespace_selector: str = ""
    services: ServiceMatch | None = None
    ports: Items[RulePort] = ()
    not_nets: Items[str] = ()
    not_selector: str = ""
    not_ports: Items[RulePort] = ()
    service_accounts: ServiceAccountMatch | None = None


@api_struct
class ICMPFields:
    type: Int | None = None
    code: Int | None = None


@api_struct
class HTTPPath:
    exact: str = ""
    prefix: str = ""

    def __str__(self) -> str:
        return self.exact or f"{self.prefix}*"


@api_struct
class HTTPMatch:
    """Tested by application layer policy alone, in Envoy: to Felix's dataplanes the rule is as if it were not there."""

    methods: Items[str] = ()
    paths: Items[HTTPPath] = ()

    def __str__(self) -> str:
        """`GET, PUT /exact, /prefix*`; empty where everything matches."""
        return " ".join(filter(None, (", ".join(self.methods), ", ".join(map(str, self.paths)))))


@api_struct
class RuleMetadata:
    annotations: TextMap = field(default_factory=dict)


@api_struct
class Rule:
    """One rule of a policy or profile; a packet matches when every criterion given holds."""

    action: Annotated[str, KEPT] = ""
    ip_version: Annotated[Int | None, Field(alias="ipVersion")] = None
    protocol: ProtocolValue | None = None
    icmp: ICMPFields | None = None
    not_protocol: ProtocolValue | None = None
    not_icmp: Annotated[ICMPFields | None, Field(alias="notICMP")] = None
    source: EntityRule = field(default_factory=EntityRule)
    destination: EntityRule = field(default_factory=EntityRule)
    http: HTTPMatch | None = None
    metadata: RuleMetadata | None = None

    @property
    def http_text(self) -> str:
        """What is wanted of HTTP requests; empty for nothing."""
        return "" if self.http is None else str(self.http)
