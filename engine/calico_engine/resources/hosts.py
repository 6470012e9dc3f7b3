"""Our own document: the interfaces of a node and the policies of its kernel chains (`calico-engine/v1`, kind Host).

The other kind of `calico-engine/v1`, PolicyTest, is no resource: `calico_engine.policytests` reads it.
"""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from calico_engine.resources.base import Items, ObjectMeta, api_struct

HOST_API_VERSION = "calico-engine/v1"
POLICY_TEST = "PolicyTest"
ChainPolicy = Literal["ACCEPT", "DROP"]


@api_struct
class HostInterface:
    name: str = ""
    addresses: Items[str] = ()


@api_struct
class ChainPolicies:
    """What the host's own chains do with a packet that Calico returns to them."""

    input: Annotated[ChainPolicy, Field(alias="INPUT")] = "ACCEPT"
    forward: Annotated[ChainPolicy, Field(alias="FORWARD")] = "ACCEPT"
    output: Annotated[ChainPolicy, Field(alias="OUTPUT")] = "ACCEPT"


@api_struct
class HostSpec:
    interfaces: Items[HostInterface] | None = None
    chain_policies: ChainPolicies = field(default_factory=ChainPolicies)


@api_struct
class Host:
    KIND: ClassVar[str] = "Host"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: HostSpec = field(default_factory=HostSpec)
