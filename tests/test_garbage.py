"""The garbage collector is out of the way while manifests are read, and misses nothing by that."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from calico_engine import Cluster, InvalidManifest
from calico_engine.garbage import collector_paused

POLICY = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec: {order: 1, selector: all(), ingress: [{action: Allow, protocol: TCP, destination: {ports: [22]}}]}
"""
TEXTS = {
    "good": POLICY,
    "not YAML": POLICY.replace("{name: p}", "{name: p"),
    "a key twice": POLICY.replace("order: 1", "order: 1, order: 2"),
    "an unknown field": POLICY.replace("protocol", "protcol"),
    "another type": POLICY.replace("order: 1", "order: one"),
    "no selector": POLICY.replace("all()", "all("),
    "a missing tier": POLICY.replace("order: 1", "tier: nowhere"),
}


@pytest.fixture(autouse=True)
def collector_enabled() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_is_paused_inside_and_on_again_after() -> None:
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_error() -> None:
    with pytest.raises(ValueError), collector_paused():
        raise ValueError
    assert gc.isenabled()


def test_one_that_is_off_stays_off() -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()


def test_inside_another_pause_it_stays_paused() -> None:
    with collector_paused():
        with collector_paused():
            pass
        assert not gc.isenabled()


@pytest.mark.parametrize("what", TEXTS)
def test_reading_leaves_no_cycles_behind(what: str) -> None:
    """So there is nothing that the collector could have freed in the meantime."""
    _read(TEXTS[what])  # what is made once is made now
    gc.collect()
    gc.disable()
    _read(TEXTS[what])
    assert gc.collect() == 0


def _read(text: str) -> None:
    try:
        Cluster.parse(text)
    except InvalidManifest as error:
        assert error.errors
