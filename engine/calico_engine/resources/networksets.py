"""Sets of addresses that rules select by label (api …/v3/globalnetworkset.go, networkset.go)."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from calico_engine.resources.base import Items, ObjectMeta, api_struct


@api_struct
class NetworkSetSpec:
    nets: Items[str] = ()


@api_struct
class GlobalNetworkSet:
    KIND: ClassVar[str] = "GlobalNetworkSet"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: NetworkSetSpec = field(default_factory=NetworkSetSpec)


@api_struct
class NetworkSet:
    KIND: ClassVar[str] = "NetworkSet"
    NAMESPACED: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: NetworkSetSpec = field(default_factory=NetworkSetSpec)
