"""Network sets: addresses that selectors find by labels."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from calico_engine.strategies.drawing import choose
from calico_engine.strategies.labels import LABEL_SETS
from calico_engine.strategies.vocabulary import IP_VERSIONS, NAMES, NAMESPACES, Manifest, manifest, nets


def global_network_sets(
    *,
    name: str | None = None,
    labels: st.SearchStrategy[dict[str, str]] = LABEL_SETS,
    ip_versions: Sequence[int] = IP_VERSIONS,
    max_nets: int = 2,
) -> st.SearchStrategy[Manifest]:
    """GlobalNetworkSets of up to `max_nets` networks.

    >>> from hypothesis import find
    >>> find(global_network_sets(name="s"), lambda found: found["spec"]["nets"])["spec"]
    {'nets': ['203.0.113.7/32']}
    """
    return _global_network_sets(name, labels, _lists_of_nets(ip_versions, max_nets))


@st.composite
def _global_network_sets(
    draw: st.DrawFn, name: str | None, labels: st.SearchStrategy[dict[str, str]], nets: st.SearchStrategy[list[str]]
) -> Manifest:
    return manifest("GlobalNetworkSet", name or choose(draw, NAMES), {"nets": draw(nets)}, labels=draw(labels))


def network_sets(
    *,
    name: str | None = None,
    namespaces: Sequence[str] = NAMESPACES,
    labels: st.SearchStrategy[dict[str, str]] = LABEL_SETS,
    ip_versions: Sequence[int] = IP_VERSIONS,
    max_nets: int = 2,
) -> st.SearchStrategy[Manifest]:
    """NetworkSets of up to `max_nets` networks, in one of the namespaces.

    >>> from hypothesis import find
    >>> find(network_sets(name="s"), lambda found: True)["metadata"]
    {'name': 's', 'namespace': 'default'}
    """
    return _network_sets(name, namespaces, labels, _lists_of_nets(ip_versions, max_nets))


@st.composite
def _network_sets(
    draw: st.DrawFn,
    name: str | None,
    namespaces: Sequence[str],
    labels: st.SearchStrategy[dict[str, str]],
    nets: st.SearchStrategy[list[str]],
) -> Manifest:
    metadata = {"namespace": choose(draw, namespaces), "labels": draw(labels)}
    return manifest("NetworkSet", name or choose(draw, NAMES), {"nets": draw(nets)}, **metadata)


def _lists_of_nets(ip_versions: Sequence[int], max_nets: int) -> st.SearchStrategy[list[str]]:
    known = [net for version in ip_versions for net in nets(version)]
    return st.lists(st.sampled_from(known), max_size=max_nets, unique=True)
