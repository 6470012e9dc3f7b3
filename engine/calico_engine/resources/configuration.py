"""Felix's configuration and the cluster's (api …/v3/felixconfig.go, clusterinfo.go)."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from calico_engine.resources.base import Bool, JsonValue, ObjectMeta, api_struct


@api_struct
class FelixConfiguration:
    """Felix's parameters; the spec's field names and types are the table in `calico_engine.configuration`."""

    KIND: ClassVar[str] = "FelixConfiguration"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: dict[str, JsonValue] = field(default_factory=dict)


@api_struct
class ClusterInformationSpec:
    cluster_guid: Annotated[str, Field(alias="clusterGUID")] = ""
    cluster_type: str = ""
    calico_version: str = ""
    datastore_ready: Bool | None = None
    variant: str = ""


@api_struct
class ClusterInformation:
    """What Calico says about the cluster; users cannot write it."""

    KIND: ClassVar[str] = "ClusterInformation"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: ClusterInformationSpec = field(default_factory=ClusterInformationSpec)
