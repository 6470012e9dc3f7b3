"""Hypothesis strategies: clusters that load, packets near to where their verdicts change, and all that they are made of.

Strategies of manifests give dicts as in YAML, which print as YAML in braces; `clusters` gives `Cluster` and `packets`
gives `Packet`, which print as the call that makes them. All shrink towards the simple. What is drawn comes from a few
names, labels, addresses and ports, so that policies, endpoints and packets meet.

>>> from hypothesis import given, settings
>>> from calico_engine import Cluster
>>> from calico_engine.strategies import packets
>>> CLUSTER = Cluster.parse('''
... apiVersion: projectcalico.org/v3
... kind: HostEndpoint
... metadata: {name: h}
... spec: {node: n1, interfaceName: eth0}
... ''')
>>> @settings(max_examples=20, deadline=None)
... @given(packets(cluster=CLUSTER, paths=["TO_HOST"], conntrack_states=["NEW"]))
... def test_only_failsafe_ports_are_open(packet):
...     verdict = CLUSTER.verdict(packet)
...     assert packet.in_interface != "eth0" or not verdict or verdict.decided_by.failsafe
>>> test_only_failsafe_ports_are_open()
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
