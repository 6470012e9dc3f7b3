"""What is worth a word about a run of the controller: where Calico goes wrong silently, with the place that is at fault.

kube-controllers only logs these. Configuration that no layer of Calico checks before it is used is the usual cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from calico_engine.controllers.kube_controllers.auto_host_endpoints.controller import ControllerCrash
from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import NodePlan, PassedOver, Why
from calico_engine.controllers.kube_controllers.auto_host_endpoints.store import Cause, FailedWrite, Verb
from calico_engine.datastore import Datastore, Entry
from calico_engine.errors import ManifestError, printable
from calico_engine.manifests.yaml_problems import Path
from calico_engine.resources import HostEndpoint, Node

_TEMPLATES: Path = ("spec", "controllers", "node", "hostEndpoint", "templates")
#: Faults of a template, which are reported once, and the field that is at fault.
FAULTS = {
    Why.BAD_CIDR: "interfaceCIDRs",
    Why.BAD_SELECTOR: "nodeSelector",
    Why.NO_NAME: "generateName",
    Why.BAD_PATTERN: "interfacePattern",
}


def crash_remark(configuration: Entry, crash: ControllerCrash) -> ManifestError:
    message = f"{sentence(crash.passed)}; that is at node {printable(crash.node, 80)}"
    return configuration.remark(_place(crash.passed), message)


def remarks(
    datastore: Datastore,
    configuration: Entry,
    plans: Sequence[NodePlan],
    failures: Iterable[FailedWrite],
) -> Iterator[ManifestError]:
    """Everything that did not go as the configuration says, in no order."""
    yield from _faults(configuration, plans)
    yield from _clashes(datastore, plans)
    for failure in failures:
        yield _failed(datastore, failure)


def _faults(configuration: Entry, plans: Iterable[NodePlan]) -> Iterator[ManifestError]:
    first: dict[tuple[int, Why], PassedOver] = {}
    count: Counter[tuple[int, Why]] = Counter()
    for plan in plans:
        for passed in plan.passed_over:
            if passed.why in FAULTS:
                first.setdefault((passed.template, passed.why), passed)
                count[passed.template, passed.why] += 1
    for key, passed in first.items():
        nodes = "one node" if count[key] == 1 else f"{count[key]} nodes"
        yield configuration.remark(_place(passed), f"the template gives {nodes} no host endpoint: {sentence(passed)}")


def _place(passed: PassedOver) -> Path:
    return (*_TEMPLATES, passed.template, FAULTS[passed.why])


def sentence(passed: PassedOver) -> str:
    """Why the template gives nothing, with the text at fault."""
    return f"{passed.why.value} ({printable(passed.detail, 80)})" if passed.detail else passed.why.value


def _clashes(datastore: Datastore, plans: Iterable[NodePlan]) -> Iterator[ManifestError]:
    """One name that two nodes want: each takes it from the other, and it never comes to rest."""
    owners: dict[str, str] = {}
    for plan in plans:
        for wanted in plan.wanted:
            other = owners.setdefault(wanted.name, plan.node)
            if other != plan.node:
                message = (
                    f"this node and {printable(other, 80)} both want a host endpoint {printable(wanted.name, 80)}: "
                    "they overwrite each other's, and the last one stands here"
                )
                yield _at_node(datastore, plan.node, message)


def _failed(datastore: Datastore, failure: FailedWrite) -> ManifestError:
    name, verb = printable(failure.name, 80), failure.verb.value
    if failure.cause in (Cause.EXISTS, Cause.CONFLICT):
        entry = datastore.get(HostEndpoint.KIND, failure.name)
        message = f"has the name of an automatic host endpoint, which node {printable(failure.node, 80)} goes without"
        if entry is not None:
            return entry.remark(("metadata", "name"), message)
    consequence = "the node goes without" if failure.verb is Verb.CREATE else "the old one stays"
    message = f"kube-controllers cannot {verb} the host endpoint {name}, and {consequence}: {failure.message}"
    return _at_node(datastore, failure.node, message)


def _at_node(datastore: Datastore, node: str, message: str) -> ManifestError:
    entry = datastore.get(Node.KIND, node)
    if entry is None:
        return ManifestError("", kind=Node.KIND, name=node, message=message)
    return entry.remark(("metadata", "name"), message)
