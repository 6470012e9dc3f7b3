"""What Felix makes of its configuration: parameters, their sources, and the settings that decide verdicts.

`effective_configuration` is the door; `SPEC_FIELDS` and `PARAMETERS` are the tables behind it.
"""

from calico_engine.configuration.effective import FelixParameters, effective_configuration
from calico_engine.configuration.failsafes import Failsafe, FailsafeError, failsafe_text, parse_failsafes
from calico_engine.configuration.findings import Finding
from calico_engine.configuration.go_patterns import GoPattern
from calico_engine.configuration.objects import FelixObject
from calico_engine.configuration.parameters import PARAMETERS, Parameter
from calico_engine.configuration.settings import Action, DataplaneSettings
from calico_engine.configuration.spec_fields import CONNTRACK_TIMERS, SPEC_FIELDS, JsonType, SpecField, spec_field
from calico_engine.configuration.spec_text import JSON
from calico_engine.configuration.value_lists import PortRange

__all__ = [
    "CONNTRACK_TIMERS",
    "JSON",
    "PARAMETERS",
    "SPEC_FIELDS",
    "Action",
    "DataplaneSettings",
    "Failsafe",
    "FailsafeError",
    "FelixObject",
    "FelixParameters",
    "Finding",
    "GoPattern",
    "JsonType",
    "Parameter",
    "PortRange",
    "SpecField",
    "effective_configuration",
    "failsafe_text",
    "parse_failsafes",
    "spec_field",
]
