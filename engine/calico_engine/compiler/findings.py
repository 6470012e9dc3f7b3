"""What loaded well and is yet worth a word: what Felix ignores, reads otherwise than it looks, or misses around it."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.compiler.compiled import CompiledCluster
from calico_engine.compiler.felix_model import FelixModel, FelixPolicy, FelixProfile, FelixRule
from calico_engine.compiler.rules import applies, ignored_criteria
from calico_engine.datastore import Datastore, Entry
from calico_engine.errors import ManifestError
from calico_engine.manifests.yaml_problems import Path
from calico_engine.packets import ICMP, ICMPV6
from calico_engine.resources import HostEndpoint, KubeControllersConfiguration

_CREATED_BY = "projectcalico.org/created-by"
_CONTROLLER = "calico-kube-controllers"


def warnings(compiled: CompiledCluster) -> list[ManifestError]:
    """Everything worth saying, sorted by place."""
    datastore, model = compiled.datastore, compiled.model
    found = [notice.entry.remark(notice.path, notice.message) for notice in model.notices]
    for check in (_ignored_blocks, _services, _controllers):
        found += check(datastore, model)
    return sorted(found)


def errors(compiled: CompiledCluster) -> list[ManifestError]:
    """What Felix cannot program at all: the kernel refuses a negated ICMP match without its protocol."""
    found = []
    for entry, path, rule in _rules(compiled.datastore, compiled.model):
        for version, protocol in ((4, ICMP), (6, ICMPV6)):
            if rule.not_icmp is not None and rule.protocol != protocol and applies(rule, version):
                name = "ICMP" if version == 4 else "ICMPv6"
                message = (
                    f"notICMP needs `protocol: {name}` here: the kernel refuses the rule for IPv{version} without it"
                )
                found.append(entry.remark((*path, "notICMP"), message))
                break
    return sorted(found)


def _rules(datastore: Datastore, model: FelixModel) -> Iterator[tuple[Entry, Path, FelixRule]]:
    """Every rule of every policy and profile that is written somewhere."""
    holders: list[FelixPolicy | FelixProfile] = [*model.policies, *model.profiles.values()]
    for holder in holders:
        for rule in (*holder.ingress, *holder.egress):
            owner = rule.id.owner
            entry = datastore.get(owner.kind, owner.name, owner.namespace)
            if entry is not None:
                yield entry, ("spec", rule.id.direction.value.lower(), rule.id.index), rule


def _ignored_blocks(datastore: Datastore, model: FelixModel) -> Iterator[ManifestError]:
    for entry, path, rule in _rules(datastore, model):
        ignored = {field for version in (4, 6) if applies(rule, version) for field in ignored_criteria(rule, version)}
        for field in sorted(ignored):
            message = (
                f"Felix does not test {field} of this rule: it has three or more of source ports, destination ports, "
                "source nets and destination nets that need a block of their own, and only the first two count"
            )
            yield entry.remark((*path, *field.split(".")), message)


def _services(datastore: Datastore, model: FelixModel) -> Iterator[ManifestError]:
    for entry, path, rule in _rules(datastore, model):
        for side, entity in (("source", rule.source), ("destination", rule.destination)):
            if entity.service is not None and entity.service not in model.services.members:
                namespace, name = entity.service
                message = f"no EndpointSlice is known for the service {namespace}/{name}: this matches nothing"
                yield entry.remark((*path, side, "services"), message)


def _controllers(datastore: Datastore, model: FelixModel) -> Iterator[ManifestError]:
    configurations = [entry for entry, _ in datastore.all(KubeControllersConfiguration)]
    automatic = [
        entry
        for entry, endpoint in datastore.all(HostEndpoint)
        if endpoint.metadata.labels.get(_CREATED_BY) == _CONTROLLER
    ]
    if automatic and not configurations and not datastore.stored:
        more = f" ({len(automatic)} of them)" if len(automatic) > 1 else ""
        message = f"looks like an automatic host endpoint{more}; no controller runs here, it is taken as it stands"
        yield automatic[0].remark(("metadata", "labels", _CREATED_BY), message)
