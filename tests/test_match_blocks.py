"""Every mixture of criteria that fit one kernel rule and of lists that need blocks of their own, against the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest

from verdict_fuzz.comparing import Pair
from verdict_fuzz.packets import Query
from verdict_fuzz.pools import NODE, Document, document
from verdict_fuzz.worlds import World

#: None, a list that fits, and one that does not. Of ports 15 fit, a range counts for two; of nets one.
PORTS: tuple[list[int | str], ...] = ([], ["1000:1001", *range(2000, 2013)], ["1000:1001", *range(2000, 2014)])
SOURCE_NETS: tuple[list[str], ...] = ([], ["10.0.0.0/24"], ["10.0.0.0/25", "10.0.0.128/25"])
DESTINATION_NETS: tuple[list[str], ...] = ([], ["10.1.0.0/24"], ["10.1.0.0/25", "10.1.0.128/25"])
MEETS: Query = {"source": "10.0.0.9", "destination": "10.1.0.9", "sourcePort": 1000, "destinationPort": 2000}
MISSES: Query = {"source": "10.9.0.9", "destination": "10.9.0.9", "sourcePort": 5000, "destinationPort": 5000}


def rule(source: tuple[int, int], destination: tuple[int, int]) -> Document:
    """`source` and `destination`: which list of ports and which of nets."""
    entities: Mapping[str, Document] = {
        "source": {"ports": PORTS[source[0]], "nets": SOURCE_NETS[source[1]]},
        "destination": {"ports": PORTS[destination[0]], "nets": DESTINATION_NETS[destination[1]]},
    }
    return {"action": "Allow", "protocol": "TCP", **entities}


@pytest.mark.parametrize("source", [*product(range(3), range(3))], ids=str)
def test_the_engine_ignores_what_felix_ignores(source: tuple[int, int]) -> None:
    """Each packet meets some of the criteria and misses the others."""
    for destination in product(range(3), range(3)):
        policy = document("GlobalNetworkPolicy", "p", {"types": ["Ingress"], "ingress": [rule(source, destination)]})
        endpoint = document("HostEndpoint", "h", {"node": NODE, "interfaceName": "eth0"})
        pair = Pair.of(World((endpoint, policy)))
        for met in product((False, True), repeat=len(MEETS)):
            chosen = {key: (MEETS if meets else MISSES)[key] for key, meets in zip(MEETS, met, strict=True)}
            engine, oracle = pair.accounts({"node": NODE, "inInterface": "eth0", "protocol": "TCP", **chosen})
            assert engine == oracle, (destination, chosen)
