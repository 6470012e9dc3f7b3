"""Calico's client, as the recordings were made through it."""

from __future__ import annotations

from calico_engine.controllers.kube_controllers.configuration import stored_configuration
from calico_engine.manifests.client_rules import client_rules
from calico_engine.manifests.decoding import Problem
from calico_engine.manifests.schema import schema_findings
from calico_engine.manifests.validator import validate
from calico_engine.resources import KubeControllersConfiguration


def configuration_problems(configuration: KubeControllersConfiguration) -> list[Problem]:
    """Why Calico's client would refuse to write the object; of its templates only names and presence are looked at."""
    return [
        *client_rules(configuration, ()),
        *validate(configuration),
        *schema_findings(stored_configuration(configuration)),
    ]
