"""The door to automatic host endpoints: a datastore in, a datastore out, with places, reports and remarks."""

from __future__ import annotations

import json

import pytest

from calico_engine import Cluster
from calico_engine.controllers import convert
from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import Why, plan_for
from calico_engine.controllers.kube_controllers.auto_host_endpoints.reports import ControllerState, Deletion, Fate
from calico_engine.controllers.kube_controllers.configuration import HostEndpointSettings
from calico_engine.controllers.kube_controllers.running import (
    ControllerRun,
    run_node_controllers,
    with_automatic_host_endpoints,
)
from calico_engine.datastore import Datastore, build
from calico_engine.errors import InvalidConfiguration
from calico_engine.manifests.loading import load
from calico_engine.manifests.sources import Source
from calico_engine.manifests.stored import stored_form
from calico_engine.resources import HostEndpoint, Node
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.controllers import HostEndpointTemplate
from calico_engine.resources.nodes import NodeInterface, NodeSpec

SECTION = "{autoCreate: Enabled}"
CONFIGURATION = """\
apiVersion: projectcalico.org/v3
kind: KubeControllersConfiguration
metadata: {name: default}
spec:
  controllers:
    node:
      hostEndpoint: SECTION
"""
NODES = """\
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n1, labels: {env: dev}}
spec:
  bgp: {ipv4Address: 192.0.2.1/24, ipv4IPIPTunnelAddr: 10.65.0.1}
  addresses: [{type: InternalIP, address: 192.0.2.1}, {type: ExternalIP, address: 203.0.113.1}]
  interfaces: [{name: eth0, addresses: [192.0.2.1]}, {name: eth1, addresses: [198.51.100.1]}]
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n2}
spec:
  bgp: {ipv4Address: 192.0.2.2/24}
"""


def loaded(*documents: str) -> Datastore:
    found = load([Source(f"{number}.yaml", text) for number, text in enumerate(documents, 1)])
    datastore, twice = build(found)
    assert (found.errors, twice) == ([], [])
    return datastore


def run(section: str, *documents: str, form: str = "kubernetes") -> ControllerRun:
    return run_node_controllers(loaded(CONFIGURATION.replace("SECTION", section), *documents), form=form)


def names(datastore: Datastore) -> list[str]:
    return [endpoint.metadata.name for _, endpoint in datastore.all(HostEndpoint)]


def endpoint(name: str, labels: str = "{}", node: str = "n1") -> str:
    return (
        f"apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {{name: {name}, labels: {labels}}}\n"
        f"spec: {{node: {node}, interfaceName: eth0}}\n"
    )


def test_the_tutorials_five_nodes() -> None:
    """The names, addresses and order of the founding document's table."""
    addresses = {
        "ip-172-16-101-147.us-west-2.compute.internal": ("172.16.101.147", "192.168.228.128"),
        "ip-172-16-101-54.us-west-2.compute.internal": ("172.16.101.54", "192.168.107.128"),
        "ip-172-16-101-79.us-west-2.compute.internal": ("172.16.101.79", "192.168.91.64"),
        "ip-172-16-101-9.us-west-2.compute.internal": ("172.16.101.9", "192.168.71.192"),
        "ip-172-16-102-63.us-west-2.compute.internal": ("172.16.102.63", "192.168.108.192"),
    }
    nodes = []
    for name, (own, tunnel) in reversed(addresses.items()):
        annotations = {"projectcalico.org/IPv4Address": f"{own}/24", "projectcalico.org/IPv4IPIPTunnelAddr": tunnel}
        metadata = {"name": name, "labels": {"kubernetes-host": ""}, "annotations": annotations}
        status = {"addresses": [{"type": "InternalIP", "address": own}, {"type": "Hostname", "address": name}]}
        kubernetes = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}
        nodes.append(json.dumps(convert(kubernetes).resources[0]))
    found = run(SECTION, *nodes).datastore
    rows = [
        (item.metadata.name, item.spec.node, item.spec.interface_name, item.spec.expected_ips, item.spec.profiles)
        for _, item in found.all(HostEndpoint)
    ]
    assert rows == [
        (f"{name}-auto-hep", name, "*", pair, ("projectcalico-default-allow",)) for name, pair in addresses.items()
    ]
    assert all(item.metadata.labels["kubernetes-host"] == "" for _, item in found.all(HostEndpoint))


def test_without_a_configuration_nothing_runs() -> None:
    before = loaded(NODES, endpoint("x-auto-hep", "{projectcalico.org/created-by: calico-kube-controllers}"))
    found = run_node_controllers(before)
    assert found.datastore is before
    assert found.report.state is ControllerState.NOT_CONFIGURED
    assert found.running is None


def test_an_endpoint_stands_where_its_node_stands() -> None:
    datastore = run(SECTION, NODES).datastore
    made, node = datastore.get("HostEndpoint", "n2-auto-hep"), datastore.get("Node", "n2")
    assert made is not None and node is not None
    assert made.origin is node.origin
    assert made.origin is not None
    assert (made.origin.file, made.origin.place(("metadata", "name"))[0]) == ("2.yaml", 11)


def test_what_is_not_written_is_the_very_entry_that_it_was() -> None:
    first = run(SECTION, NODES).datastore
    again = with_automatic_host_endpoints(first)
    assert all(again.entries[key] is entry for key, entry in first.entries.items())
    assert list(again.entries) == sorted(again.entries)


def test_a_forced_environment_wins() -> None:
    datastore = loaded(CONFIGURATION.replace("SECTION", "{autoCreate: Disabled}"), NODES)
    assert names(with_automatic_host_endpoints(datastore)) == []
    forced = with_automatic_host_endpoints(datastore, environment={"AUTO_HOST_ENDPOINTS": "Enabled"})
    assert names(forced) == ["n1-auto-hep", "n2-auto-hep"]
    with pytest.raises(InvalidConfiguration, match="AUTO_HOST_ENDPOINTS"):
        with_automatic_host_endpoints(datastore, environment={"AUTO_HOST_ENDPOINTS": "yes"})
    with pytest.raises(ValueError, match="mongodb"):
        with_automatic_host_endpoints(datastore, form="mongodb")


def test_labels_of_kubernetes_nodes_with_etcd() -> None:
    node = "apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: c, labels: {own: x}}\n"
    node += "spec: {bgp: {ipv4Address: 192.0.2.1}, orchRefs: [{nodeName: k, orchestrator: k8s}]}\n"
    kubernetes = "apiVersion: v1\nkind: Node\nmetadata: {name: k, labels: {env: dev}}\n"
    unreadable = "apiVersion: v1\nkind: Node\nmetadata: {name: j, labels: {env: 1}}\n"
    datastore = loaded(CONFIGURATION.replace("SECTION", SECTION), node, kubernetes, unreadable)
    found = with_automatic_host_endpoints(datastore, form="etcdv3")
    written, made = found.get("Node", "c"), found.get("HostEndpoint", "c-auto-hep")
    assert written is not None and made is not None
    assert isinstance(written.resource, Node)
    assert written.resource.metadata.labels == {"own": "x", "env": "dev"}
    assert written.resource.metadata.annotations == {"projectcalico.org/kube-labels": '{"env":"dev"}'}
    assert written.origin is made.origin
    assert made.resource.metadata.labels == {
        "own": "x",
        "env": "dev",
        "projectcalico.org/created-by": "calico-kube-controllers",
    }


TEMPLATES = """
        autoCreate: Enabled
        templates:
        - {generateName: int, interfaceCIDRs: [192.0.2.0/24], labels: {zone: dmz, env: template}}
        - {generateName: dev, interfaceCIDRs: [10.0.0.0/8], nodeSelector: env == 'dev'}
        - {generateName: nic, interfacePattern: "^eth"}
"""


def test_the_report_says_for_each_node_what_was_made_and_why() -> None:
    found = run(TEMPLATES, NODES, endpoint("stale", "{projectcalico.org/created-by: calico-kube-controllers}"))
    report = found.report
    assert report.state is ControllerState.ENABLED
    first, second = report.nodes
    assert [(made.name, made.template, made.interface, made.fate) for made in first.endpoints] == [
        ("n1-auto-hep", None, "", Fate.CREATED),
        ("n1-int-auto-hep", "int", "", Fate.CREATED),
        ("n1-dev-auto-hep", "dev", "", Fate.CREATED),
        ("n1-nic-eth0-auto-hep", "nic", "eth0", Fate.CREATED),
        ("n1-nic-eth1-auto-hep", "nic", "eth1", Fate.CREATED),
    ]
    assert [(address.text, address.field) for address in first.endpoints[0].addresses] == [
        ("192.0.2.1", "spec.bgp.ipv4Address"),
        ("10.65.0.1", "spec.bgp.ipv4IPIPTunnelAddr"),
        ("198.51.100.1", "spec.interfaces[1].addresses[0]"),
    ]
    assert [made.name for made in second.endpoints] == ["n2-auto-hep", "n2-int-auto-hep"]
    assert [(passed.template, passed.passed_over.why) for passed in second.passed_over] == [
        ("dev", Why.SELECTOR_DIFFERS),
        ("nic", Why.NO_INTERFACE),
    ]
    assert [(gone.name, gone.why) for gone in report.deleted] == [("stale", Deletion.NOT_WANTED)]
    assert found.warnings == ()
    labels = next(item for _, item in found.datastore.all(HostEndpoint) if item.metadata.name == "n1-int-auto-hep")
    assert labels.metadata.labels["env"] == "template"


@pytest.mark.parametrize(
    ("section", "node", "why"),
    [
        ("{autoCreate: Disabled}", "n1", Deletion.TURNED_OFF),
        ("{autoCreate: Enabled}", "gone", Deletion.NO_NODE),
        ("{autoCreate: Enabled}", "n1", Deletion.NOT_WANTED),
    ],
)
def test_why_an_endpoint_is_deleted(section: str, node: str, why: Deletion) -> None:
    stale = endpoint("stale", "{projectcalico.org/created-by: calico-kube-controllers}", node)
    found = run(section, NODES, stale)
    assert [(gone.name, gone.node, gone.why) for gone in found.report.deleted] == [("stale", node, why)]


def test_an_endpoint_that_differs_is_updated_and_one_that_does_not_is_left() -> None:
    made = run(SECTION, NODES).datastore
    documents = [json.dumps(stored_form(item)) for _, item in made.all(HostEndpoint)]
    edited = documents[0].replace('"*"', '"eth0"')
    found = run(SECTION, NODES, edited, documents[1])
    fates = [made.fate for node in found.report.nodes for made in node.endpoints]
    assert fates == [Fate.UPDATED, Fate.UNCHANGED]
    assert [item for _, item in found.datastore.all(HostEndpoint)] == [item for _, item in made.all(HostEndpoint)]
    kept = found.datastore.get("HostEndpoint", "n2-auto-hep")
    assert kept is not None and kept.origin is not None
    assert kept.origin.file == "4.yaml"


def test_an_edited_profile_stays_until_something_else_changes() -> None:
    made = next(item for _, item in run(SECTION, NODES).datastore.all(HostEndpoint))
    bare = json.dumps(stored_form(made)).replace('["projectcalico-default-allow"]', "[]")
    kept = run(SECTION, NODES, bare).datastore.get("HostEndpoint", "n1-auto-hep")
    assert kept is not None and isinstance(kept.resource, HostEndpoint)
    assert kept.resource.spec.profiles == ()
    relabelled = run(SECTION, NODES.replace("env: dev", "env: prod"), bare).datastore.get("HostEndpoint", "n1-auto-hep")
    assert relabelled is not None and isinstance(relabelled.resource, HostEndpoint)
    assert relabelled.resource.spec.profiles == ("projectcalico-default-allow",)


@pytest.mark.parametrize(("cidrs", "profiles"), [("[]", ("projectcalico-default-allow",)), ("[nonsense]", ())])
def test_an_empty_list_of_addresses_is_written_anew_each_time(cidrs: str, profiles: tuple[str, ...]) -> None:
    """Go's empty list differs from the stored object's missing one, so the edited profile does not stay.

    A text that is no network makes a missing list of it, which is the same as the stored one.
    """
    node = "apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n}\n"
    node += "spec: {bgp: {ipv4Address: 192.0.2.1}, interfaces: [{name: eth0}]}\n"
    template = f"{{generateName: t, interfacePattern: eth0, interfaceCIDRs: {cidrs}}}"
    section = f"{{autoCreate: Enabled, createDefaultHostEndpoint: Disabled, templates: [{template}]}}"
    made = next(item for _, item in run(section, node).datastore.all(HostEndpoint))
    bare = json.dumps(stored_form(made)).replace('["projectcalico-default-allow"]', "[]")
    found = next(item for _, item in run(section, node, bare).datastore.all(HostEndpoint))
    assert found.spec.profiles == profiles


def test_an_address_of_the_interface_that_lies_in_the_networks_is_listed_once() -> None:
    template = "{generateName: t, interfacePattern: eth, interfaceCIDRs: [192.0.2.0/24]}"
    section = f"{{autoCreate: Enabled, createDefaultHostEndpoint: Disabled, templates: [{template}]}}"
    made = [endpoint.spec for _, endpoint in run(section, NODES).datastore.all(HostEndpoint)]
    assert {spec.interface_name: spec.expected_ips for spec in made} == {
        "eth0": ("192.0.2.1",),
        "eth1": ("192.0.2.1", "198.51.100.1"),
    }


@pytest.mark.parametrize(("interface", "why"), [("", []), ("eth0", [Why.NO_NAME])])
def test_an_interface_with_a_name_needs_a_template_with_one(interface: str, why: list[Why]) -> None:
    node = Node(
        api_version="projectcalico.org/v3",
        kind="Node",
        metadata=ObjectMeta(name="n"),
        spec=NodeSpec(interfaces=(NodeInterface(name=interface),)),
    )
    template = HostEndpointTemplate(interface_pattern=".*")
    plan = plan_for(node, HostEndpointSettings(True, False, (template,)))
    assert [passed.why for passed in plan.passed_over] == why


def test_a_template_that_cannot_be_read_is_reported_at_its_place() -> None:
    section = """
        autoCreate: Enabled
        templates:
        - {generateName: net, interfaceCIDRs: [192.0.2.0/24, nonsense, 10.0.0.0/8]}
        - {generateName: sel, interfaceCIDRs: [192.0.2.0/24], nodeSelector: env = 'dev'}
        - {generateName: int, interfaceCIDRs: [192.0.2.0/24]}
"""
    found = run(section, NODES)
    assert names(found.datastore) == ["n1-auto-hep", "n2-auto-hep", "n2-net-auto-hep"]
    assert [(warning.line, warning.path) for warning in found.warnings] == [
        (10, "spec.controllers.node.hostEndpoint.templates[0].interfaceCIDRs"),
        (11, "spec.controllers.node.hostEndpoint.templates[1].nodeSelector"),
    ]
    assert "gives one node no host endpoint" in found.warnings[0].message
    assert "gives 2 nodes no host endpoint" in found.warnings[1].message
    assert "(env = 'dev')" in found.warnings[1].message
    assert found.errors == ()


def test_a_selector_that_cannot_be_read_keeps_what_is_no_longer_wanted() -> None:
    stale = endpoint("stale", "{projectcalico.org/created-by: calico-kube-controllers}")
    section = "{autoCreate: Enabled, templates: [{generateName: t, interfacePattern: eth, nodeSelector: SELECTOR}]}"
    assert "stale" in names(run(section.replace("SELECTOR", "'&&'"), NODES, stale).datastore)
    assert "stale" not in names(run(section.replace("SELECTOR", "all()"), NODES, stale).datastore)


def test_a_pattern_that_crashes_kube_controllers_is_an_error_and_changes_nothing() -> None:
    section = "{autoCreate: Enabled, templates: [{generateName: t, interfacePattern: '(?!x)'}]}"
    found = run(section, NODES)
    assert names(found.datastore) == []
    assert found.report.state is ControllerState.CRASHED
    (error,) = found.errors
    assert error.path == "spec.controllers.node.hostEndpoint.templates[0].interfacePattern"
    assert "kube-controllers crashes" in error.message
    assert "at node n1" in error.message
    without_interfaces = NODES.replace("  interfaces:", "  # interfaces:")
    assert run(section, without_interfaces).errors == ()


def test_a_users_endpoint_in_the_way_is_left_and_reported_at_its_place() -> None:
    found = run(SECTION, NODES, endpoint("n1-auto-hep", "{env: mine}"))
    assert names(found.datastore) == ["n1-auto-hep", "n2-auto-hep"]
    (warning,) = found.warnings
    assert (warning.file, warning.kind, warning.name) == ("3.yaml", "HostEndpoint", "n1-auto-hep")
    assert "node n1 goes without" in warning.message
    assert found.report.nodes[0].endpoints[0].fate is Fate.REFUSED


def test_an_address_twice_keeps_kubernetes_from_taking_the_endpoint() -> None:
    twice = NODES.replace("10.65.0.1", "192.0.2.1")
    found = run(SECTION, twice)
    assert names(found.datastore) == ["n2-auto-hep"]
    (warning,) = found.warnings
    assert (warning.file, warning.line, warning.name) == ("2.yaml", 3, "n1")
    assert "spec.expectedIPs[1]: 192.0.2.1 stands in the list already" in warning.message
    assert names(run(SECTION, twice, form="etcdv3").datastore) == ["n1-auto-hep", "n2-auto-hep"]


def test_a_name_that_is_none_is_reported_at_the_node() -> None:
    section = "{autoCreate: Enabled, templates: [{generateName: T_1, interfaceCIDRs: [192.0.2.0/24]}]}"
    found = run(section, NODES)
    assert names(found.datastore) == ["n1-auto-hep", "n2-auto-hep"]
    assert [warning.name for warning in found.warnings] == ["n1", "n2"]
    assert 'metadata.name: "n1-T_1-auto-hep" is no name' in found.warnings[0].message


def test_two_nodes_that_want_one_name() -> None:
    nodes = NODES.replace("name: n1,", "name: a,").replace("name: n2}", "name: a-b}")
    section = """
        autoCreate: Enabled
        templates:
        - {generateName: b-c, interfaceCIDRs: [192.0.2.1/32]}
        - {generateName: c, interfaceCIDRs: [192.0.2.2/32]}
"""
    found = run(section, nodes)
    (warning,) = found.warnings
    assert warning.name == "a-b"
    assert "and a both want a host endpoint a-b-c-auto-hep" in warning.message
    last = found.datastore.get("HostEndpoint", "a-b-c-auto-hep")
    assert last is not None and isinstance(last.resource, HostEndpoint)
    assert last.resource.spec.node == "a-b"


def test_an_endpoint_that_was_moved_to_another_node_comes_back() -> None:
    moved = endpoint("n1-auto-hep", "{projectcalico.org/created-by: calico-kube-controllers}", "n2")
    found = run(SECTION, NODES, moved)
    assert [(item.metadata.name, item.spec.node) for _, item in found.datastore.all(HostEndpoint)] == [
        ("n1-auto-hep", "n1"),
        ("n2-auto-hep", "n2"),
    ]
    assert found.warnings == ()


@pytest.mark.parametrize(("count", "more"), [(0, None), (1, ""), (2, " (2 of them)"), (3, " (3 of them)")])
@pytest.mark.parametrize("stored", [False, True])
def test_automatic_endpoints_that_nobody_keeps_are_told_once(count: int, more: str | None, stored: bool) -> None:
    """Without a KubeControllersConfiguration among the manifests; a datastore as it is stored has none to miss."""
    endpoint = """
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: n%d-auto-hep, labels: {projectcalico.org/created-by: %s}}
spec: {node: n%d, interfaceName: "*", expectedIPs: [192.0.2.%d]}
"""
    makers = ["calico-kube-controllers"] * count + ["somebody"]
    text = "---".join(endpoint % (index, maker, index, index) for index, maker in enumerate(makers))
    told = [each.message for each in Cluster.parse(text, stored=stored).warnings if "automatic" in each.message]
    expected = f"looks like an automatic host endpoint{more}; no controller runs here, it is taken as it stands"
    assert told == ([] if more is None or stored else [expected])
