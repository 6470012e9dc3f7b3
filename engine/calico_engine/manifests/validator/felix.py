"""FelixConfiguration.

Source: libcalico-go/lib/validator/v3/validator.go: validateFelixConfigSpec, validateRouteTableRange,
validateRouteTableIDRange, validateHealthTimeoutOverride (spec resources 6.3). A value of `bpfExportBufferSizeMB` makes
Calico's validator crash; here it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from calico_engine.manifests.decoding import Path, Problem
from calico_engine.manifests.validator.addresses import cidr_problem, family_problem, parse_cidr_or_ip
from calico_engine.manifests.validator.felix_fields import FIELD_CHECKS
from calico_engine.manifests.validator.protocols import port_problem
from calico_engine.manifests.validator.shapes import SINGLE_LABEL, quoted, report
from calico_engine.resources.rules import parse_port

_SPEC: Path = ("spec",)
MAX_NODE_PORT_RANGES = 7
"""As many as iptables' multiport match takes."""

_MAX_TABLES = 0xFFFF
_MAX_TABLE = 0xFFFFFFFF
_LONGEST_REGION = 63 - len("openstack-region-")
_OVERRIDE_NAME = re.compile(r"[a-zA-Z0-9_ -]+")


def check_felix(spec: Mapping[str, object], problems: list[Problem]) -> None:
    for field, value in spec.items():
        check = FIELD_CHECKS.get(field)
        if check is not None:
            report(problems, (*_SPEC, field), check(value))
    _check_ports(spec, problems)
    _check_addresses(spec, problems)
    _check_tables(spec, problems)
    region = spec.get("openstackRegion")
    if isinstance(region, str) and region and (len(region) > _LONGEST_REGION or not SINGLE_LABEL.fullmatch(region)):
        message = f"{quoted(region)} is no region: a DNS label of at most {_LONGEST_REGION} characters"
        problems.append(Problem((*_SPEC, "openstackRegion"), message))
    for index, override in _entries(spec, "healthTimeoutOverrides"):
        name = override.get("name") if isinstance(override, dict) else None
        if isinstance(name, str) and not _OVERRIDE_NAME.fullmatch(name):
            message = f"{quoted(name)} is no name: letters, digits, blanks, _ and -"
            problems.append(Problem((*_SPEC, "healthTimeoutOverrides", index, "name"), message))
        timeout = override.get("timeout") if isinstance(override, dict) else None
        if isinstance(timeout, str) and timeout.startswith("-"):
            where = (*_SPEC, "healthTimeoutOverrides", index, "timeout")
            problems.append(Problem(where, f"a timeout cannot be negative, as {timeout} is"))


def _entries(spec: Mapping[str, object], field: str) -> Iterator[tuple[int, object]]:
    values = spec.get(field)
    return enumerate(values if isinstance(values, list) else ())


def _check_ports(spec: Mapping[str, object], problems: list[Problem]) -> None:
    for field in ("natPortRange", "bpfPSNATPorts"):
        if field in spec:
            report(problems, (*_SPEC, field), port_problem(parse_port(spec[field])))
    count = 0
    for index, value in _entries(spec, "kubeNodePortRanges"):
        count, port = index + 1, parse_port(value)
        named = f"{quoted(str(port))} is a name; node ports are numbers and ranges"
        report(problems, (*_SPEC, "kubeNodePortRanges", index), port_problem(port) if port.name is None else named)
    if count > MAX_NODE_PORT_RANGES:
        message = f"at most {MAX_NODE_PORT_RANGES} ranges are possible, and here are {count}"
        problems.append(Problem((*_SPEC, "kubeNodePortRanges"), message))


def _check_addresses(spec: Mapping[str, object], problems: list[Problem]) -> None:
    for index, text in _entries(spec, "externalNodesList"):
        net = parse_cidr_or_ip(str(text))
        message = cidr_problem(str(text)) if net is None else None
        if net is not None and net.version != 4:
            message = f"{quoted(str(text))} is no address or network of IPv4"
        report(problems, (*_SPEC, "externalNodesList", index), message)
    for field, version in (
        ("natOutgoingAddress", 4),
        ("deviceRouteSourceAddress", 4),
        ("deviceRouteSourceAddressIPv6", 6),
    ):
        text = spec.get(field)
        if isinstance(text, str) and text:
            report(problems, (*_SPEC, field), family_problem(text, version))


def _check_tables(spec: Mapping[str, object], problems: list[Problem]) -> None:
    single = spec.get("routeTableRange")
    if isinstance(single, dict) and not 1 <= single["min"] <= single["max"] <= 250:
        message = "min and max must be route tables from 1 to 250, min not above max"
        problems.append(Problem((*_SPEC, "routeTableRange"), message))
    if single is not None and "routeTableRanges" in spec:
        message = "routeTableRange is the older form of routeTableRanges: give one of them"
        problems.append(Problem((*_SPEC, "routeTableRange"), message, at_key=True))
    tables = 0
    for index, value in _entries(spec, "routeTableRanges"):
        if isinstance(value, dict):
            tables += value["max"] - value["min"] + 1
            report(problems, (*_SPEC, "routeTableRanges", index), _table_range_problem(value["min"], value["max"]))
    if tables > _MAX_TABLES:
        message = f"the ranges hold {tables} tables, and may hold {_MAX_TABLES} together"
        problems.append(Problem((*_SPEC, "routeTableRanges"), message))


def _table_range_problem(low: int, high: int) -> str | None:
    if low > high:
        return f"min {low} is above max {high}"
    if low < 1:
        return f"route tables are counted from 1, and min is {low}"
    return f"route tables end at {_MAX_TABLE}, and max is {high}" if high > _MAX_TABLE else None
