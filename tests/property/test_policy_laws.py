"""Laws of policies, one a test: what may be written in another way, or left away, without a verdict that changes."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from calico_engine import Cluster
from calico_engine.strategies import clusters, global_network_policies, rules
from engine_support.laws import (
    LAW,
    PLAIN,
    RANK,
    Manifest,
    Question,
    decisions,
    dump,
    in_order,
    loaded,
    policies,
    questions,
    told,
    with_rules,
)

WAYS = {"ingress": "Ingress", "egress": "Egress"}
NUMBERS = {"TCP": 6, "UDP": 17, "SCTP": 132, "UDPLite": 136}
OTHER_SELECTORS = ("namespaceSelector", "serviceAccountSelector")
#: For what few of the examples are about.
MORE = settings(LAW, max_examples=50)
TRACKED = ("normal", "applyOnForward", "preDNAT")


@LAW
@given(questions(), global_network_policies(name="nobodys"))
def test_a_policy_that_selects_nobody_changes_nothing(question: Question, policy: Manifest) -> None:
    cluster, packets = question
    policy["spec"]["selector"] = "has(nobody)"
    assert told(loaded([*dump(cluster), policy]), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_of_names_only_ties_take_notice(question: Question) -> None:
    cluster, packets = question
    named, renamed = in_order(cluster), in_order(cluster)
    for number, policy in enumerate(policies(renamed)):
        policy["metadata"]["name"] = f"p{99 - number}"
    assert decisions(loaded(renamed), packets) == decisions(loaded(named), packets)


@LAW
@given(questions())
def test_of_orders_only_their_order_counts(question: Question) -> None:
    cluster, packets = question
    stretched = dump(cluster)
    for each in stretched:
        if "order" in each["spec"] and each["kind"] != "Tier":
            each["spec"]["order"] = each["spec"]["order"] ** 3 + 1000.5
    assert told(loaded(stretched), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_log_rules_decide_nothing(question: Question) -> None:
    cluster, packets = question
    silent = with_rules(cluster, lambda rule: [] if rule["action"] == "Log" else [rule])
    assert decisions(silent, packets) == decisions(cluster, packets)


@LAW
@given(questions())
def test_a_rule_repeated_is_the_rule(question: Question) -> None:
    cluster, packets = question
    assert decisions(with_rules(cluster, lambda rule: [rule, rule]), packets) == decisions(cluster, packets)


@LAW
@given(questions())
def test_the_order_of_rules_that_never_meet_does_not_matter(question: Question) -> None:
    cluster, packets = question
    manifests = dump(cluster)
    for policy in policies(manifests):
        for way in WAYS:
            listed = policy["spec"].get(way, [])
            for at in range(len(listed) - 1):
                one, other = (protocol_of(rule) for rule in listed[at : at + 2])
                if None not in (one, other) and one != other:
                    listed[at : at + 2] = listed[at + 1], listed[at]
    assert decisions(loaded(manifests), packets) == decisions(cluster, packets)


def protocol_of(rule: Manifest) -> object:
    """As a number, where there are two spellings."""
    protocol = rule.get("protocol")
    return NUMBERS.get(str(protocol), protocol)


@LAW
@given(questions())
def test_a_protocol_is_its_number(question: Question) -> None:
    """But for ICMP, whose names also say the IP version."""
    cluster, packets = question
    numbered = with_rules(
        cluster,
        lambda rule: [
            rule | {key: NUMBERS.get(rule[key], rule[key]) for key in ("protocol", "notProtocol") if key in rule}
        ],
    )
    assert told(numbered, packets) == told(cluster, packets)


@MORE
@given(questions(), st.sampled_from(["ports", "nets"]), st.sampled_from(["source", "destination"]))
def test_a_rule_is_the_same_as_one_for_each_value(question: Question, name: str, side: str) -> None:
    cluster, packets = question

    def apart(rule: Manifest) -> list[Manifest]:
        values = rule.get(side, {}).get(name, [])
        if len(values) < 2 or has_ignored_criteria(rule):
            return [rule]
        return [{**rule, side: {**rule[side], name: [value]}} for value in values]

    assert decisions(with_rules(cluster, apart), packets) == decisions(cluster, packets)


def has_ignored_criteria(rule: Manifest) -> bool:
    """Whether Felix may stop testing before the end: the rule has more than two lists of several values."""
    lists = [rule.get(side, {}).get(name, []) for side in ("source", "destination") for name in ("ports", "nets")]
    return sum(len(values) > 1 for values in lists) > 2


@LAW
@given(questions())
def test_a_rule_of_a_network_is_one_for_each_of_its_halves(question: Question) -> None:
    cluster, packets = question

    def halved(rule: Manifest) -> list[Manifest]:
        for side in ("source", "destination"):
            nets = rule.get(side, {}).get("nets", [])
            halves = halves_of(nets[0]) if nets else []
            if len(halves) == 2 and not has_ignored_criteria(rule):
                return [{**rule, side: {**rule[side], "nets": [half, *nets[1:]]}} for half in halves]
        return [rule]

    assert decisions(with_rules(cluster, halved), packets) == decisions(cluster, packets)


def halves_of(net: str) -> list[str]:
    network = ip_network(net)
    return [net] if network.prefixlen == network.max_prefixlen else [str(half) for half in network.subnets()]


@MORE
@given(questions())
def test_what_is_excluded_is_excluded_in_halves_too(question: Question) -> None:
    cluster, packets = question

    def halved(rule: Manifest) -> list[Manifest]:
        for side in ("source", "destination"):
            if "notNets" in rule.get(side, {}):
                halves = [half for net in rule[side]["notNets"] for half in halves_of(net)]
                rule = {**rule, side: {**rule[side], "notNets": halves}}
        return [rule]

    assert told(with_rules(cluster, halved), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_a_range_of_ports_is_its_two_halves(question: Question) -> None:
    cluster, packets = question

    def halved(rule: Manifest) -> list[Manifest]:
        for side in ("source", "destination"):
            for name in {"ports", "notPorts"} & set(rule.get(side, {})):
                ports = [half for port in rule[side][name] for half in port_halves_of(port)]
                rule = {**rule, side: {**rule[side], name: ports}}
        return [rule]

    assert told(with_rules(cluster, halved), packets) == told(cluster, packets)


def port_halves_of(port: int | str) -> list[int | str]:
    first, colon, last = str(port).partition(":")
    if not colon or first == last:
        return [port]
    middle = (int(first) + int(last)) // 2
    return [f"{first}:{middle}", f"{middle + 1}:{last}"]


@LAW
@given(questions())
def test_a_narrower_rule_before_a_wider_one_of_its_action_changes_nothing(question: Question) -> None:
    cluster, packets = question

    def preceded(rule: Manifest) -> list[Manifest]:
        for side in ("source", "destination"):
            nets = rule.get(side, {}).get("nets", [])
            if nets:
                return [{**rule, side: {**rule[side], "nets": halves_of(nets[-1])[:1]}}, rule]
        return [rule]

    assert decisions(with_rules(cluster, preceded), packets) == decisions(cluster, packets)


@LAW
@given(questions())
def test_http_conditions_are_not_enforced(question: Question) -> None:
    """Felix leaves them to Envoy: in the dataplane the rule holds without them."""
    cluster, packets = question
    manifests = dump(cluster)
    for policy in policies(manifests):
        for rule in policy["spec"].get("ingress", []):
            if rule["action"] == "Allow" and rule.get("protocol") in (None, "TCP"):
                rule["http"] = {"methods": ["PUT"], "paths": [{"exact": "/never"}]}
    assert told(loaded(manifests), packets) == told(cluster, packets)


@LAW
@given(questions(), st.integers(0, 2))
def test_a_policy_is_two_of_consecutive_orders_that_share_its_rules(question: Question, at: int) -> None:
    cluster, packets = question
    whole, cut = in_order(cluster), in_order(cluster)
    for policy in list(policies(cut)):
        spec = policy["spec"]
        rest = {way: spec[way][at:] for way in WAYS if way in spec}
        first = {way: spec[way][:at] for way in WAYS if way in spec}
        metadata = {**policy["metadata"], "name": f"{policy['metadata']['name']}-2"}
        cut.append({**policy, "metadata": metadata, "spec": {**spec, **rest, "order": spec["order"] + 1}})
        spec |= first
    assert decisions(loaded(cut), packets) == decisions(loaded(whole), packets)


@LAW
@given(questions(), rules(ip_versions=[4]))
def test_rules_of_a_direction_that_is_not_among_the_types_are_ignored(question: Question, rule: Manifest) -> None:
    cluster, packets = question
    manifests = dump(cluster)
    for policy in policies(manifests):
        for way, type_ in WAYS.items():
            if type_ not in policy["spec"]["types"] and not (type_ == "Egress" and policy["spec"].get("preDNAT")):
                policy["spec"][way] = [rule]
    assert told(loaded(manifests), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_to_select_all_is_to_say_nothing(question: Question) -> None:
    """Beside other selectors it is not: there `all()` means all that have a namespace, or a service account."""
    cluster, packets = question
    manifests = dump(cluster)
    for policy in policies(manifests):
        if policy["spec"].get("selector") == "all()" and not {*OTHER_SELECTORS} & policy["spec"].keys():
            del policy["spec"]["selector"]
    assert told(loaded(manifests), packets) == told(cluster, packets)


@LAW
@given(questions())
def test_a_selector_that_is_negated_twice_selects_alike(question: Question) -> None:
    cluster, packets = question

    def negated(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: f"!(!({item}))" if key in ("selector", "notSelector") and item else negated(item)
                for key, item in value.items()
            }
        return [negated(item) for item in value] if isinstance(value, list) else value

    assert decisions(loaded(map(negated, dump(cluster))), packets) == decisions(cluster, packets)


@LAW
@given(questions(clusters(kinds=["normal", "applyOnForward"])))
def test_the_end_of_a_tier_is_a_rule_that_denies_the_rest(question: Question) -> None:
    cluster, packets = question
    assert decisions(with_ends(cluster, "Deny"), packets) == decisions(cluster, packets)


@LAW
@given(questions(clusters(actions=["Allow", "Deny", "Log"])))
def test_to_pass_at_the_end_of_a_tier_that_passes_changes_nothing(question: Question) -> None:
    """Unless the profiles behind it pass as well: what was passed by a rule stays passed."""
    cluster, packets = question
    assert decisions(with_ends(cluster, "Pass"), packets) == decisions(cluster, packets)


def with_ends(cluster: Cluster, action: str) -> Cluster:
    """With the end of the tiers of this default action written out, behind each policy that is enforced in them."""
    manifests = dump(cluster)
    tiers = {each["metadata"]["name"]: each["spec"]["defaultAction"] for each in manifests if each["kind"] == "Tier"}
    for policy in list(policies(manifests)):
        spec = policy["spec"]
        if policy["kind"].startswith("Staged") or tiers.get(spec.get("tier", "default"), "Deny") != action:
            continue
        rules = {way: [{"action": action}] for way, type_ in WAYS.items() if type_ in spec["types"]}
        kept = {key: value for key, value in spec.items() if key not in ("order", *WAYS)}
        metadata = {**policy["metadata"], "name": f"zz-{policy['metadata']['name']}"}
        manifests.append({**policy, "metadata": metadata, "spec": {**kept, **rules}})
    return loaded(manifests)


@LAW
@given(questions(), st.sampled_from([-1, 3, 2_000_000]), st.sampled_from(["Deny", "Pass"]))
def test_a_tier_without_policies_changes_nothing(question: Question, order: int, action: str) -> None:
    cluster, packets = question
    tier = {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": "empty"}}
    with_tier = loaded([*dump(cluster), {**tier, "spec": {"order": order, "defaultAction": action}}])
    assert told(with_tier, packets) == told(cluster, packets)


@LAW
@given(questions(clusters(kinds=["normal"])))
def test_policy_of_a_namespace_is_global_policy_for_its_endpoints(question: Question) -> None:
    """As long as rules say nothing of endpoints: those of a namespaced policy mean the namespace's own."""
    cluster, packets = question
    manifests = in_order(cluster)
    for policy in policies(manifests):
        for way in WAYS:
            policy["spec"][way] = [rule for rule in policy["spec"].get(way, []) if not selects(rule)]
    namespaced = decisions(loaded(manifests), packets)
    for policy in policies(manifests):
        if "namespace" in policy["metadata"]:
            space = policy["metadata"].pop("namespace")
            policy["metadata"]["name"] += "-global"
            policy["kind"] = policy["kind"].replace("Network", "GlobalNetwork")
            own = f"projectcalico.org/namespace == '{space}'"
            policy["spec"]["selector"] = f"({policy['spec'].get('selector', 'all()')}) && {own}"
    assert decisions(loaded(manifests), packets) == namespaced


def selects(rule: Manifest) -> bool:
    names = {name for side in ("source", "destination") for name in rule.get(side, {})}
    return bool(names & {"selector", "notSelector", "namespaceSelector", "serviceAccounts"})


@LAW
@given(questions(clusters(kinds=TRACKED, allow_configuration=False)))
def test_to_allow_first_never_makes_a_verdict_stricter(question: Question) -> None:
    cluster, packets = question
    for old, new in zip(decisions(cluster, packets), decisions(with_first(cluster, "Allow"), packets), strict=True):
        assert RANK[new] >= RANK[old]


@LAW
@given(questions(PLAIN))
def test_to_deny_first_never_makes_a_verdict_looser(question: Question) -> None:
    cluster, packets = question
    for old, new in zip(decisions(cluster, packets), decisions(with_first(cluster, "Deny"), packets), strict=True):
        assert RANK[new] <= RANK[old]


def with_first(cluster: Cluster, action: str) -> Cluster:
    """With a rule of this action for TCP packets at the head of every policy."""
    manifests = dump(cluster)
    for policy in policies(manifests):
        for way in WAYS.keys() & policy["spec"].keys():
            policy["spec"][way].insert(0, {"action": action, "protocol": "TCP"})
    return loaded(manifests)
