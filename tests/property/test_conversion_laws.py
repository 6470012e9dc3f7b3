"""Laws of the conversions: ports and selectors mean the same after them, and no input makes them fail in another way."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from calico_engine.controllers.kubernetes.annotations import read_text_map, write_text_map
from calico_engine.controllers.kubernetes.api_server import with_api_server_defaults
from calico_engine.controllers.kubernetes.conversion import Conversion, convert, convert_for_etcd
from calico_engine.controllers.kubernetes.identity import ORCHESTRATOR_LABEL, convert_uid, workload_name
from calico_engine.controllers.kubernetes.label_selectors import namespace_selector, pod_selector
from calico_engine.controllers.kubernetes.ports import port_from_text, port_json, simplify_ports
from calico_engine.controllers.kubernetes.reading import Struct
from calico_engine.controllers.kubernetes.services import service_index
from calico_engine.controllers.kubernetes.workloads import is_ready, is_workload_endpoint
from calico_engine.resources.rules import Port, parse_port
from calico_selectors import Selector

SAMPLE = Path(__file__).parents[2] / "fixtures" / "golden" / "kubernetes-conversions-sample.jsonl"
INPUTS: list[dict[str, Any]] = [
    {"kind": row["kind"], **row["input"]} for row in map(json.loads, SAMPLE.read_text(encoding="utf-8").splitlines())
]

_numbers = st.integers(0, 20) | st.integers(65520, 65535) | st.integers(0, 65535)
_ranges = st.tuples(_numbers, _numbers).map(lambda ends: Port(min(ends), max(ends)))
_ports = st.lists(_ranges | st.sampled_from(["a", "b", "80-a"]).map(port_from_text), max_size=8)


def numbers(ports: Any) -> set[int]:
    return {number for port in ports if port.name is None for number in range(port.first, port.last + 1)}


def names(ports: Any) -> list[str]:
    return [port.name for port in ports if port.name is not None]


@given(_ports)
def test_simplified_ports_are_the_same_ports(ports: list[Port]) -> None:
    simple = simplify_ports(ports)
    assert (numbers(simple), names(simple)) == (numbers(ports), names(ports))


@given(_ports)
def test_simplified_ports_stay_as_they_are(ports: list[Port]) -> None:
    simple = simplify_ports(ports)
    assert simplify_ports(simple) == simple


@given(_ports)
def test_simplified_ranges_ascend_and_do_not_touch(ports: list[Port]) -> None:
    ranges = [port for port in simplify_ports(ports) if port.name is None]
    assert all(low.last + 1 < high.first for low, high in pairwise(ranges))


@given(_ports)
def test_a_port_in_json_reads_back(ports: list[Port]) -> None:
    assert [parse_port(port_json(port)) for port in ports] == ports


_keys = st.sampled_from(["a", "b", "app.kubernetes.io/name", "in", "has", "not"])
_values = st.sampled_from(["", "x", "y", "x.y", "1"])
_labels = st.dictionaries(_keys, _values, max_size=4)
_expressions = st.one_of(
    st.fixed_dictionaries(
        {
            "key": _keys,
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(_values, min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries({"key": _keys, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
_selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": _labels, "matchExpressions": st.lists(_expressions, max_size=3)}
)


def kubernetes_matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """What Kubernetes' documentation says of label selectors: all terms hold, NotIn also without the key."""
    equal = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return equal and all(expression_holds(term, labels) for term in selector.get("matchExpressions", ()))


def expression_holds(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(term["key"])
    match term["operator"]:
        case "In":
            return value is not None and value in term["values"]
        case "NotIn":
            return value is None or value not in term["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


@given(_selectors, _labels)
def test_a_pod_selector_matches_the_same_pods(selector: dict[str, Any], labels: dict[str, str]) -> None:
    converted = Selector(pod_selector(Struct(selector)))
    assert converted.matches(labels | {ORCHESTRATOR_LABEL: "k8s"}) == kubernetes_matches(selector, labels)


@given(_selectors, _labels)
def test_a_pod_selector_never_matches_what_is_no_pod(selector: dict[str, Any], labels: dict[str, str]) -> None:
    assert not Selector(pod_selector(Struct(selector))).matches(labels)


@given(_selectors, _labels)
def test_a_namespace_selector_matches_the_same_namespaces(selector: dict[str, Any], labels: dict[str, str]) -> None:
    """It is asked of the labels that a namespace's profile gives to its pods."""
    metadata = {"name": "ns", "labels": labels}
    profile: Any = convert({"kind": "Namespace", "metadata": metadata}, require_uid=False).resources[0]
    converted = Selector(namespace_selector(Struct(selector))).prefixed("pcns.")
    assert converted.matches(profile["spec"]["labelsToApply"]) == kubernetes_matches(selector, labels)


@given(st.uuids())
def test_the_uid_conversion_is_its_own_inverse(uid: object) -> None:
    assert convert_uid(convert_uid(str(uid))) == str(uid)


_parts = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)


@given(_parts, _parts, _parts, _parts)
def test_different_pods_have_different_endpoints(node: str, pod: str, other_node: str, other_pod: str) -> None:
    same = workload_name(node, pod) == workload_name(other_node, other_pod)
    assert same == ((node, pod) == (other_node, other_pod))


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=4))
@example({"\ud800": "\u2028<&>\x00"})
def test_labels_in_an_annotation_read_back(labels: dict[str, str]) -> None:
    assert read_text_map(write_text_map(labels)) == labels or any("\ud800" <= c <= "\udfff" for c in "".join(labels))


_protocols = st.lists(st.sampled_from(["TCP", "UDP", "SCTP", "tcp"]), min_size=1, max_size=4)


@given(_protocols, st.integers(1, 3))
def test_there_is_one_rule_for_each_protocol_and_peer(protocols: list[str], peers: int) -> None:
    rule = {"ports": [{"protocol": name, "port": 80} for name in protocols], "from": [{"podSelector": {}}] * peers}
    policy: Any = convert({"kind": "NetworkPolicy", "spec": {"ingress": [rule]}}).resources[0]
    assert len(policy["spec"]["ingress"]) == len({name.upper() for name in protocols}) * peers


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from(["[", "{}", "[[1]]", "10.0.0.1", "bad", "80", "1e400", "-1", "\ud800", "Pod"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def places(value: object) -> list[tuple[Any, Any]]:
    """Every (container, key) in the value."""
    found: list[tuple[Any, Any]] = []
    stack: list[Any] = [value]
    while stack:
        container = stack.pop()
        if isinstance(container, dict | list):
            keys = list(container) if isinstance(container, dict) else range(len(container))
            found += [(container, key) for key in keys]
            stack += [container[key] for key in keys]
    return found


@st.composite
def _spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A recorded object with up to three of its values replaced by anything."""
    obj: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(INPUTS)))
    for _ in range(draw(st.integers(1, 3))):
        found = places(obj)
        if found:
            container, key = draw(st.sampled_from(found))
            container[key] = draw(_json)
    return obj


def check_answer(conversion: Conversion) -> None:
    assert len(conversion.resources) == len(conversion.keys)
    assert conversion.resources or conversion.error is not None
    json.dumps(conversion.resources)


@given(_json | _spoiled(), st.booleans())
@example({"kind": "Node", "metadata": {"annotations": {"projectcalico.org/Interfaces": "[" * 100_000}}}, False)
@example({"kind": "Node", "metadata": {"annotations": {"projectcalico.org/labels": "[" + "1" * 5000 + "]"}}}, False)
@example({"kind": "Namespace", "metadata": {1: 2, "labels": {3: "a"}}}, False)
@example({"kind": "Pod", "metadata": {"name": "\udfff"}, "spec": {"nodeName": "\ud800"}}, True)
@example({"kind": "Pod", "metadata": {"creationTimestamp": "0001-01-01T00:00:00+23:59"}}, True)
def test_every_input_is_answered(obj: Any, flag: bool) -> None:
    check_answer(convert(obj, use_pod_cidr=flag, require_uid=flag))


@given(_json | _spoiled())
def test_every_input_is_answered_for_etcd_too(obj: Any) -> None:
    conversion = convert_for_etcd(obj)
    assert len(conversion.resources) == len(conversion.keys)
    assert not (conversion.resources and conversion.error)


@given(_spoiled())
def test_an_object_is_not_changed_by_converting_it(obj: dict[str, Any]) -> None:
    before = repr(obj)
    convert(obj)
    with_api_server_defaults(obj)
    assert repr(obj) == before


@given(_json | _spoiled())
def test_a_ready_pod_is_an_endpoint(obj: Any) -> None:
    assert is_workload_endpoint(obj) or not is_ready(obj)


@given(_json | _spoiled())
def test_defaults_are_filled_in_once(obj: Any) -> None:
    once = with_api_server_defaults(obj)
    assert repr(with_api_server_defaults(once)) == repr(once)


_slices = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {"namespace": st.just("ns"), "labels": st.just({"kubernetes.io/service-name": "s"})}
        ),
        "endpoints": st.lists(
            st.fixed_dictionaries({"addresses": st.lists(st.ip_addresses().map(str), max_size=2)}), max_size=2
        ),
        "ports": st.lists(st.fixed_dictionaries({"port": st.integers(0, 65535)}), max_size=2),
    }
)


@given(st.lists(_slices, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_slices_does_not_matter(slices: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(slices)
    random.shuffle(shuffled)
    assert service_index(shuffled) == service_index(slices)


@given(st.lists(_json | _slices, max_size=4))
def test_every_list_of_slices_is_answered(slices: list[Any]) -> None:
    index = service_index(slices)
    assert all(position < len(slices) for position, _ in index.errors)
    assert all(address in members.addresses for members in index.members.values() for address, _, _ in members.ports)
