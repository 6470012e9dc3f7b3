"""What loaded well and is yet worth a word: what Felix ignores, reads otherwise than it looks, or misses around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import TypeVarTuple

from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import FelixPart, FelixPolicy, FelixProfile, FelixRule
from calico_engine.compiler.rules import applies, ignored_criteria
from calico_engine.controllers.kubernetes.services import ServiceIndex
from calico_engine.datastore import Entry, Key
from calico_engine.errors import ManifestError
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import ICMP, ICMPV6
from calico_engine.resources import HostEndpoint, KubeControllersConfiguration

_CREATED_BY = "projectcalico.org/created-by"
_CONTROLLER = "calico-kube-controllers"
_Found = tuple[ManifestError, ...]
_Given = TypeVarTuple("_Given")


def warnings(compiled: CompiledCluster) -> list[ManifestError]:
    """Everything worth saying, sorted by place."""
    found = [*_found(compiled, _noted), *_found(compiled, _without_slices, compiled.model.services)]
    datastore = compiled.datastore
    if not datastore.stored and not datastore.tables(KubeControllersConfiguration):
        found += compiled.reuse.of(_uncontrolled, *datastore.tables(HostEndpoint))
    return sorted(found)


def errors(compiled: CompiledCluster) -> list[ManifestError]:
    """What Felix cannot program at all."""
    return sorted(_found(compiled, _unprogrammable))


def _found(
    compiled: CompiledCluster, check: Callable[[FelixPart, *_Given], _Found], *given: *_Given
) -> Iterator[ManifestError]:
    """What the check finds in every object of the model."""
    for kind, parts in compiled.model.parts.items():
        found = compiled.reuse.each(check, parts, *given, slot=kind)
        yield from compiled.reuse.of(_joined, found, slot=(check, kind))


def _joined(found: Mapping[Key, _Found]) -> _Found:
    return tuple(chain.from_iterable(found.values()))


def _noted(part: FelixPart) -> _Found:
    notice = () if part.notice is None else (part.entry.remark(part.notice.path, part.notice.message),)
    return (*notice, *_ignored_blocks(part), *_of_applications(part))


def _rules(part: FelixPart) -> Iterator[tuple[Path, FelixRule]]:
    if isinstance(part.thing, FelixPolicy | FelixProfile):
        for rule in (*part.thing.ingress, *part.thing.egress):
            yield ("spec", rule.id.direction.value.lower(), rule.id.index), rule


def _unprogrammable(part: FelixPart) -> _Found:
    """The kernel refuses a negated ICMP match without its protocol."""
    found = []
    for path, rule in _rules(part):
        for version, protocol in ((4, ICMP), (6, ICMPV6)):
            if rule.not_icmp is not None and rule.protocol != protocol and applies(rule, version):
                name = "ICMP" if version == 4 else "ICMPv6"
                message = (
                    f"notICMP needs `protocol: {name}` here: the kernel refuses the rule for IPv{version} without it"
                )
                found.append(part.entry.remark((*path, "notICMP"), message))
                break
    return tuple(found)


def _ignored_blocks(part: FelixPart) -> Iterator[ManifestError]:
    for path, rule in _rules(part):
        ignored = {field for version in (4, 6) if applies(rule, version) for field in ignored_criteria(rule, version)}
        for field in sorted(ignored):
            message = (
                f"Felix does not test {field} of this rule: it has three or more of source ports, destination ports, "
                "source nets and destination nets that need a block of their own, and only the first two count"
            )
            yield part.entry.remark((*path, *field.split(".")), message)


def _of_applications(part: FelixPart) -> Iterator[ManifestError]:
    """Felix renders nothing of it (felix/rules/policy.go), and Envoy is not modelled."""
    for path, rule in _rules(part):
        if rule.written.http_text:
            message = (
                "Felix does not test http in the iptables dataplane: to packets this rule is as if it had none;"
                " application layer policy, which does, is not modelled"
            )
            yield part.entry.remark((*path, "http"), message)


def _without_slices(part: FelixPart, services: ServiceIndex) -> _Found:
    found = []
    for path, rule in _rules(part):
        for side, entity in (("source", rule.source), ("destination", rule.destination)):
            if entity.service is not None and entity.service not in services.members:
                namespace, name = entity.service
                message = f"no EndpointSlice is known for the service {namespace}/{name}: this matches nothing"
                found.append(part.entry.remark((*path, side, "services"), message))
    return tuple(found)


def _uncontrolled(*tables: Mapping[Key, Entry]) -> _Found:
    """Automatic host endpoints that no controller looks after."""
    entries = chain.from_iterable(table.values() for table in tables)
    automatic = [each for each in entries if each.resource.metadata.labels.get(_CREATED_BY) == _CONTROLLER]
    if not automatic:
        return ()
    more = f" ({len(automatic)} of them)" if len(automatic) > 1 else ""
    message = f"looks like an automatic host endpoint{more}; no controller runs here, it is taken as it stands"
    return (automatic[0].remark(("metadata", "labels", _CREATED_BY), message),)
