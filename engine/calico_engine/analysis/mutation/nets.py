"""Mistakes in lists of networks: one bit more or less of a prefix, a network missing."""

from __future__ import annotations

from collections.abc import Iterator

from calico_engine.analysis.mutation.operators import Mutation, Object, Operator, entries, value_at, with_value, without
from calico_engine.manifests.yaml_problems import Path
from calico_engine.networks import Network, parse_network


def net_list_mutations(value: Object, path: Path) -> Iterator[Mutation]:
    """Every mistake in the list of networks at the path."""
    listed = entries(value, path)
    for index, text in enumerate(listed):
        yield from net_mutations(value, (*path, index))
        if len(listed) > 1:
            yield Mutation(Operator.DROP_NET, (*path, index), f"{text} dropped", "", without(value, (*path, index)))


def net_mutations(value: Object, path: Path) -> Iterator[Mutation]:
    """The network at the path, wider and narrower."""
    text = str(value_at(value, path))
    try:
        net = parse_network(text)
    except ValueError:
        return  # what is stored may be anything
    for operator, other in _neighbours(net):
        yield Mutation(operator, path, f"{text} → {other}", str(other), with_value(value, path, str(other)))


def _neighbours(net: Network) -> Iterator[tuple[Operator, Network]]:
    if net.prefixlen:
        yield Operator.WIDEN_NET, net.supernet()
    if net.prefixlen < net.max_prefixlen:
        for half in net.subnets():
            yield Operator.NARROW_NET, half
