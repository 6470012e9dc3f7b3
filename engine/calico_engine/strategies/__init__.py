"""Hypothesis strategies: clusters that load, packets near to where their verdicts change, and all that they are made of.

Strategies of manifests give dicts as in YAML, which print as YAML in braces; `clusters` gives `Cluster` and `packets`
gives `Packet`, which print as the call that makes them. All shrink towards the simple. What is drawn comes from a few
names, labels, addresses and ports, so that policies, endpoints and packets meet.

>>> from hypothesis import given, settings, strategies as st
>>> from calico_engine.strategies import clusters, packets
>>> @settings(max_examples=10)
... @given(st.data())
... def test_log_rules_let_nothing_through(data):
...     cluster = data.draw(clusters(actions=("Log",), allow_configuration=False))
...     packet = data.draw(packets(cluster=cluster))
...     assert cluster.verdict(packet).decided_by.reason.name != "RULE"
>>> test_log_rules_let_nothing_through()
"""

try:
    import hypothesis  # noqa: F401
except ImportError as error:
    message = "calico_engine.strategies needs Hypothesis: install calico-engine[testing]"
    raise ImportError(message) from error

from calico_engine.strategies.clusters import clusters
from calico_engine.strategies.configuration import felix_configurations, hosts
from calico_engine.strategies.connections import connections
from calico_engine.strategies.endpoints import host_endpoints, workload_endpoints
from calico_engine.strategies.labels import label_sets, selectors, selectors_matching
from calico_engine.strategies.network_sets import global_network_sets, network_sets
from calico_engine.strategies.packets import packets
from calico_engine.strategies.policies import global_network_policies, network_policies, profiles, tiers
from calico_engine.strategies.rules import entity_rules, rules

__all__ = [
    "clusters",
    "connections",
    "entity_rules",
    "felix_configurations",
    "global_network_policies",
    "global_network_sets",
    "host_endpoints",
    "hosts",
    "label_sets",
    "network_policies",
    "network_sets",
    "packets",
    "profiles",
    "rules",
    "selectors",
    "selectors_matching",
    "tiers",
    "workload_endpoints",
]
