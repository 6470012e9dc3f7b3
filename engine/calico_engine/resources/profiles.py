"""Profiles (api …/v3/profile.go): labels that endpoints inherit, and rules consulted after all tiers."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from calico_engine.resources.base import Items, ObjectMeta, TextMap, api_struct
from calico_engine.resources.rules import Rule

#: Always present, allows both ways (libcalico-go/lib/resources/static.go).
DEFAULT_ALLOW_PROFILE = "projectcalico-default-allow"


@api_struct
class ProfileSpec:
    ingress: Items[Rule] = ()
    egress: Items[Rule] = ()
    labels_to_apply: TextMap = field(default_factory=dict)


@api_struct
class Profile:
    KIND: ClassVar[str] = "Profile"
    NAMESPACED: ClassVar[bool] = False
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: ProfileSpec = field(default_factory=ProfileSpec)
