"""Laws of the controllers of nodes: they come to rest, keep their hands off what is not theirs, and take back all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from calico_engine.controllers.kube_controllers.auto_host_endpoints.names import host_endpoint_name
from calico_engine.controllers.kube_controllers.auto_host_endpoints.plans import (
    CREATED_BY,
    CREATED_BY_LABEL,
    is_automatic,
)
from calico_engine.controllers.kube_controllers.configuration import DatastoreForm, running_configuration
from calico_engine.controllers.kube_controllers.label_sync import KubernetesNode, with_kubernetes_labels
from calico_engine.controllers.kube_controllers.node_controllers import Changes, NodeControllers
from calico_engine.controllers.kube_controllers.running import run_node_controllers, with_automatic_host_endpoints
from calico_engine.datastore import Datastore, Entry
from calico_engine.resources import HostEndpoint, KubeControllersConfiguration, Node, Resource
from calico_engine.resources.base import ObjectMeta
from calico_engine.resources.controllers import (
    AutoHostEndpointConfig,
    ControllersConfig,
    HostEndpointTemplate,
    KubeControllersConfigurationSpec,
    NodeControllerConfig,
)
from calico_engine.resources.endpoints import HostEndpointSpec
from calico_engine.resources.nodes import NodeAddress, NodeBGPSpec, NodeInterface, NodeSpec, NodeWireguardSpec
from calico_engine.reuse import Reuse

#: `a` with the template `b-c` and `a-b` with `c` want the same name.
NODES, TEMPLATES = ("a", "a-b", "n1", "n2"), ("b-c", "c", "t")
#: These never do.
APART = ("n1", "n2", "n3")
FORMS = st.sampled_from(list(DatastoreForm))
ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "192.168.0.1", "fd00::1", "FD00::1", "10.0.0.9/24", "nonsense"])
LABELS = st.dictionaries(st.sampled_from(["env", "a", "zone"]), st.sampled_from(["", "1", "dev"]), max_size=3)
INTERFACES = st.builds(
    NodeInterface,
    name=st.sampled_from(["eth0", "eth1", "A_b"]),
    addresses=st.lists(ADDRESSES, max_size=2).map(tuple),
)
SPECS = st.builds(
    NodeSpec,
    bgp=st.none()
    | st.builds(
        NodeBGPSpec,
        ipv4_address=st.sampled_from(["", "10.0.0.1/24", "172.16.0.1"]),
        ipv4_ipip_tunnel_addr=st.sampled_from(["", "192.168.0.1"]),
    ),
    ipv4_vxlan_tunnel_addr=st.sampled_from(["", "192.168.0.1"]),
    wireguard=st.none() | st.builds(NodeWireguardSpec, interface_ipv6_address=st.sampled_from(["", "fd00::1"])),
    addresses=st.lists(
        st.builds(NodeAddress, address=ADDRESSES, type=st.sampled_from(["InternalIP", "ExternalIP"])), max_size=2
    ).map(tuple),
    interfaces=st.lists(INTERFACES, max_size=2).map(tuple),
)
HOST_ENDPOINT_TEMPLATES = st.builds(
    HostEndpointTemplate,
    interface_cidrs=st.lists(
        st.sampled_from(["10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "10.0.0.1"]), min_size=1, max_size=2
    ).map(tuple),
    interface_pattern=st.sampled_from(["", "", "eth", "eth0|A", "none"]),
    labels=LABELS,
    node_selector=st.sampled_from(["", "has(env)", "env == 'dev'", "not a selector"]),
)


@st.composite
def nodes(draw: st.DrawFn, names: Sequence[str] = NODES) -> list[Node]:
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=len(names)))
    return [Node(metadata=ObjectMeta(name=name, labels=draw(LABELS)), spec=draw(SPECS)) for name in chosen]


@st.composite
def configurations(draw: st.DrawFn, *, auto_create: str | None = None) -> KubeControllersConfiguration:
    names = draw(st.lists(st.sampled_from(TEMPLATES), unique=True, max_size=2))
    section = AutoHostEndpointConfig(
        auto_create=draw(st.sampled_from(["Enabled", "Disabled", ""])) if auto_create is None else auto_create,
        create_default_host_endpoint=draw(st.sampled_from(["Enabled", "Disabled", ""])),
        templates=tuple(replace(draw(HOST_ENDPOINT_TEMPLATES), generate_name=name) for name in names),
    )
    controllers = ControllersConfig(node=NodeControllerConfig(host_endpoint=section))
    return KubeControllersConfiguration(
        metadata=ObjectMeta(name="default"), spec=KubeControllersConfigurationSpec(controllers=controllers)
    )


@st.composite
def endpoints(draw: st.DrawFn, *, automatic: bool | None = None) -> list[HostEndpoint]:
    """Host endpoints of users and of the controller; a name or a node says nothing about whose one is."""
    pool = ["mine", *(host_endpoint_name(node) for node in NODES), host_endpoint_name("n1", "t")]
    found = []
    for name in draw(st.lists(st.sampled_from(pool), unique=True, max_size=4)):
        labels = draw(LABELS)
        if draw(st.booleans()) if automatic is None else automatic:
            labels = {**labels, CREATED_BY_LABEL: CREATED_BY}
        spec = HostEndpointSpec(
            node=draw(st.sampled_from([*NODES, "gone"])),
            interface_name=draw(st.sampled_from(["*", "eth0"])),
            expected_ips=tuple(draw(st.lists(st.just("10.0.0.1"), max_size=1))),
        )
        found.append(HostEndpoint(metadata=ObjectMeta(name=name, labels=labels), spec=spec))
    return found


def datastore(*resources: Resource) -> Datastore:
    return Datastore.of(map(Entry, resources))


def endpoints_in(found: Datastore) -> dict[str, HostEndpoint]:
    return {endpoint.metadata.name: endpoint for _, endpoint in found.all(HostEndpoint)}


@given(configurations(), nodes(), endpoints(), FORMS)
def test_what_came_to_rest_stays(
    configuration: KubeControllersConfiguration, given_nodes: list[Node], given: list[HostEndpoint], form: DatastoreForm
) -> None:
    once = with_automatic_host_endpoints(datastore(configuration, *given_nodes, *given), form=form)
    assert with_automatic_host_endpoints(once, form=form) == once


@given(configurations(), nodes(), endpoints(), FORMS)
def test_a_users_endpoint_is_never_touched(
    configuration: KubeControllersConfiguration, given_nodes: list[Node], given: list[HostEndpoint], form: DatastoreForm
) -> None:
    after = endpoints_in(with_automatic_host_endpoints(datastore(configuration, *given_nodes, *given), form=form))
    for endpoint in given:
        if not is_automatic(endpoint):
            assert after[endpoint.metadata.name] is endpoint


@given(configurations(auto_create="Enabled"), nodes(), endpoints(automatic=False), FORMS)
def test_turning_off_takes_back_exactly_what_was_made(
    configuration: KubeControllersConfiguration, given_nodes: list[Node], given: list[HostEndpoint], form: DatastoreForm
) -> None:
    before = datastore(configuration, *given_nodes, *given)
    made = with_automatic_host_endpoints(before, form=form)
    off = with_automatic_host_endpoints(made, form=form, environment={"AUTO_HOST_ENDPOINTS": "disabled"})
    assert off == before


@given(configurations(), nodes(), endpoints())
def test_without_the_node_controller_nothing_happens(
    configuration: KubeControllersConfiguration, given_nodes: list[Node], given: list[HostEndpoint]
) -> None:
    before = datastore(configuration, *given_nodes, *given)
    after = with_automatic_host_endpoints(before, environment={"ENABLED_CONTROLLERS": "policy"})
    assert after == before


@given(configurations(auto_create="Enabled"), nodes(), endpoints(), st.randoms(use_true_random=False), FORMS)
def test_the_order_of_nodes_and_endpoints_does_not_matter(
    configuration: KubeControllersConfiguration,
    given_nodes: list[Node],
    given: list[HostEndpoint],
    random: Random,
    form: DatastoreForm,
) -> None:
    running = running_configuration(configuration.spec, form=form)
    found = []
    for _ in range(2):
        controllers = NodeControllers.of(running, form, given_nodes, given)
        controllers.start()
        found.append([stored.endpoint for stored in controllers.store])
        random.shuffle(given_nodes)
        random.shuffle(given)
    assert found[0] == found[1]


@given(configurations(auto_create="Enabled"), nodes(), endpoints())
def test_automatic_endpoints_belong_to_nodes_that_are_there(
    configuration: KubeControllersConfiguration, given_nodes: list[Node], given: list[HostEndpoint]
) -> None:
    names = {node.metadata.name: node for node in given_nodes}
    after = endpoints_in(with_automatic_host_endpoints(datastore(configuration, *given_nodes, *given)))
    for endpoint in after.values():
        if is_automatic(endpoint):
            assert endpoint.spec.node in names


@given(configurations(auto_create="Enabled"), nodes(APART), nodes(APART), FORMS)
@settings(max_examples=50)
def test_step_by_step_and_at_once_come_to_the_same(
    configuration: KubeControllersConfiguration, before: list[Node], after: list[Node], form: DatastoreForm
) -> None:
    """Nodes that change under running controllers, and a start with the changed nodes.

    Endpoints that linger after a selector that cannot be read are left, in both cases, but not the same ones.
    """
    sound = replace(configuration, spec=without_unreadable_selectors(configuration.spec))
    running = running_configuration(sound.spec, form=form)
    moving = NodeControllers.of(running, form, before, ())
    moving.start()
    names = {node.metadata.name for node in after}
    gone = [node.metadata.name for node in before if node.metadata.name not in names]
    moving.apply(Changes(nodes=after, deleted_nodes=gone))
    fresh = NodeControllers.of(running, form, after, ())
    fresh.start()
    kept = refused_updates(moving)
    assert [item for item in stored_in(moving) if item.metadata.name not in kept] == [
        item for item in stored_in(fresh) if item.metadata.name not in kept
    ]


def without_unreadable_selectors(spec: KubeControllersConfigurationSpec) -> KubeControllersConfigurationSpec:
    node = spec.controllers.node
    assert node is not None and node.host_endpoint is not None
    readable = tuple(
        replace(t, node_selector="") for t in node.host_endpoint.templates if t.node_selector != "not a selector"
    )
    section = replace(node.host_endpoint, templates=readable)
    return replace(spec, controllers=replace(spec.controllers, node=replace(node, host_endpoint=section)))


def refused_updates(controllers: NodeControllers) -> set[str]:
    """An endpoint whose new form is refused keeps its old one; at a fresh start there is none."""
    return {failure.name for failure in controllers.store.failures}


def stored_in(controllers: NodeControllers) -> list[HostEndpoint]:
    return [stored.endpoint for stored in controllers.store]


@given(configurations(), nodes(), endpoints(), LABELS, FORMS)
def test_what_an_earlier_run_found_out_never_changes_the_answer(
    configuration: KubeControllersConfiguration,
    given_nodes: list[Node],
    given: list[HostEndpoint],
    labels: dict[str, str],
    form: DatastoreForm,
) -> None:
    earlier = Reuse()
    run_node_controllers(datastore(configuration, *given_nodes, *given), form=form, reuse=earlier)
    changed = [replace(node, metadata=replace(node.metadata, labels=labels)) for node in given_nodes[:1]]
    before = datastore(configuration, *given_nodes, *changed, *given)
    again = run_node_controllers(before, form=form, reuse=Reuse(earlier))
    anew = run_node_controllers(before, form=form)
    assert again == anew
    assert again.report == anew.report


@given(LABELS, LABELS, LABELS)
def test_labels_of_kubernetes_come_and_go_and_calicos_own_stay(
    own: dict[str, str], first: dict[str, str], second: dict[str, str]
) -> None:
    node = Node(metadata=ObjectMeta(name="c", labels=own))
    once, _ = with_kubernetes_labels(node, KubernetesNode("k", first))
    assert once.metadata.labels == own | first
    assert with_kubernetes_labels(once, KubernetesNode("k", first)) == (once, False)
    twice, changed = with_kubernetes_labels(once, KubernetesNode("k", second))
    kept = {key: value for key, value in own.items() if key not in first}
    assert twice.metadata.labels == kept | second
    assert changed == (twice.metadata.labels != once.metadata.labels or not first.keys() <= second.keys())


@given(st.text(max_size=300), st.text(min_size=1, max_size=253), st.sampled_from(["", "eth0"]))
def test_names_fit(node: str, template: str, interface: str) -> None:
    name = host_endpoint_name(node, template, interface)
    assert len(name.encode("utf-8", "surrogatepass")) <= 253
    assert name.endswith("-auto-hep")
