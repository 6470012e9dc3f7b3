"""The effective configuration of one node: every parameter's value after all sources have been heard.

The sources, from the weakest to the strongest: built-in defaults, the object `default`, the selector-scoped object,
the object `node.NAME`, the configuration file, the environment. Each parameter is decided on its own; every source is
parsed, also where a stronger one overrides it, so that one bad fatal value stops Felix wherever it stands; a bad value
that is not fatal becomes the default and keeps the strength of its source (felix/config/config_params.go: resolve).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import cache
from types import MappingProxyType

from calico_engine.configuration.failsafes import Failsafe, FailsafeError
from calico_engine.configuration.findings import Finding, Level, Setting
from calico_engine.configuration.objects import FelixObject, applied_objects
from calico_engine.configuration.parameters import PARAMETERS, Parameter, default_values, parameter_named
from calico_engine.configuration.settings import (
    DataplaneSettings,
    dataplane_settings,
    interface_prefixes,
    table_actions,
)
from calico_engine.configuration.sources import environment_settings, file_settings
from calico_engine.configuration.value_lists import KEY_DURATIONS, KEY_VALUES
from calico_engine.errors import InvalidConfiguration
from calico_engine.frozen import frozen

_Settings = Mapping[Level, tuple[Setting, ...]]


@frozen
class FelixParameters:
    """The parameters that Felix works with on one node.

    >>> felix = effective_configuration("n1", None, (), environment={"FELIX_DefaultEndpointToHostAction": "accept"})
    >>> felix.parameters["DefaultEndpointToHostAction"], felix.settings.vxlan_port
    ('ACCEPT', 4789)
    """

    values: Mapping[str, object] = field(repr=False)
    warnings: tuple[Finding, ...] = ()
    settings: DataplaneSettings = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", dataplane_settings(self.values))

    @property
    def parameters(self) -> Mapping[str, object]:
        """Felix's names → values in plain data: text, numbers, booleans, None, lists and dicts, all of them new.

        Derived values are among them: `InterfacePrefixes()`, `FilterAllowAction()`, `FilterDenyAction()` and
        `MangleAllowAction()`.
        """
        derived = {"InterfacePrefixes()": interface_prefixes(self.values), **table_actions(self.values)}
        plain = {name: _plain(value) for name, value in {**self.values, **derived}.items()}
        return {**plain, **{name: _plain_map(self.values[name]) for name in _MAPS}}

    @property
    def failsafe_inbound(self) -> tuple[Failsafe, ...]:
        """The ports that stay open towards this host, in the order in which they were written."""
        return self.settings.failsafe_inbound

    @property
    def failsafe_outbound(self) -> tuple[Failsafe, ...]:
        """The ports that stay open from this host."""
        return self.settings.failsafe_outbound


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Failsafe):
        net = {} if value.net is None else {"net": str(value.net)}
        return {"protocol": value.protocol, "port": value.port, **net}
    return [_plain(element) for element in value] if isinstance(value, tuple) else str(value)


_MAPS = tuple(name for name, parameter in PARAMETERS.items() if parameter.kind in (KEY_VALUES, KEY_DURATIONS))


def _plain_map(value: object) -> dict[str, str]:
    return {str(key): str(text) for key, text in value} if isinstance(value, tuple) else {}


def effective_configuration(
    node: str,
    node_labels: Mapping[str, str] | None,
    objects: Iterable[FelixObject],
    *,
    environment: Mapping[str, str] | None = None,
    config_file: str | None = None,
) -> FelixParameters:
    """Felix's parameters on `node`; `node_labels` are those of its Node, None if the node is not known.

    InvalidConfiguration, with every reason, where Felix would not start or would crash.
    """
    objects = tuple(objects)
    if not objects and not environment and not config_file:
        return _defaults()
    errors: list[Finding] = []
    applied = applied_objects(node, node_labels, objects)
    settings: dict[Level, tuple[Setting, ...]] = {**applied.settings}
    settings[Level.FILE] = file_settings(config_file or "", errors)
    settings[Level.ENVIRONMENT] = environment_settings(environment or {})
    warnings = [*applied.warnings]
    values = _resolved(settings, warnings, [*applied.errors, *errors])
    if values["FelixHostname"] not in ("", node):
        warnings.append(
            Finding("FelixHostname", f"is {values['FelixHostname']}: Felix would act for that node, not {node}")
        )
    return FelixParameters(values, tuple(warnings))


@cache
def _defaults() -> FelixParameters:
    return FelixParameters(default_values())


def _resolved(settings: _Settings, warnings: list[Finding], errors: list[Finding]) -> Mapping[str, object]:
    values = dict(default_values())
    for level in sorted(settings):
        for setting in settings[level]:
            parameter = parameter_named(setting.name)
            if not setting.text:
                continue
            if parameter is None:
                warnings.append(_unknown(setting))
            elif parameter.local and not level.local:
                warnings.append(
                    Finding(setting.origin, f"{parameter.name} is ignored: Felix takes it from its own machine only")
                )
            else:
                values[parameter.name] = _parsed(parameter, setting, warnings, errors)
    errors.extend(_contradictions(values))
    if errors:
        raise InvalidConfiguration(
            "Felix would not start:\n" + "\n".join(f"  {error}" for error in dict.fromkeys(errors))
        )
    return MappingProxyType(values)


def _parsed(parameter: Parameter, setting: Setting, warnings: list[Finding], errors: list[Finding]) -> object:
    """The value that the text means, or the default for a text that means none."""
    if setting.text.lower() == "none":
        if parameter.non_zero:
            errors.append(Finding(setting.origin, f"{parameter.name} cannot be none"))
        return parameter.kind.zero
    try:
        return parameter.kind.parse(setting.text)
    except ValueError as error:
        problem = f"{parameter.name} = {setting.text!r}: {error}"
        if parameter.fatal:
            crash = " (this crashes Felix)" if isinstance(error, FailsafeError) and error.panics else ""
            errors.append(Finding(setting.origin, problem + crash))
        else:
            warnings.append(
                Finding(setting.origin, f"{problem}; Felix uses the default{_default_note(parameter, setting)}")
            )
        return default_values()[parameter.name]


def _default_note(parameter: Parameter, setting: Setting) -> str:
    default = f" {parameter.default_text}" if parameter.default_text else ""
    if parameter.name == "KubeNodePortRanges" and setting.text.startswith("["):
        # configurationprocessor.go prints the list with %v, which the parameter's parser does not take.
        return f"{default}: in Calico v3.32.1 this field has no effect, whatever it holds; an annotation works"
    return default


def _unknown(setting: Setting) -> Finding:
    meant = parameter_named(setting.name.replace("_", "").replace("-", ""))
    hint = f"; did you mean {meant.name}?" if meant is not None else ""
    return Finding(setting.origin, f"{setting.name or 'an empty name'} is no parameter of Felix and is ignored{hint}")


_TYPHA_FILES = ("TyphaKeyFile", "TyphaCertFile", "TyphaCAFile")


def _contradictions(values: Mapping[str, object]) -> Iterator[Finding]:
    """config_params.go: Validate."""
    if values["DatastoreType"] == "etcdv3" and not values["EtcdEndpoints"]:
        for name in ("EtcdScheme", "EtcdAddr"):
            if not values[name]:
                yield Finding(name, "is missing, and so is EtcdEndpoints: Felix would not find its datastore")
    names = bool(values["TyphaCN"] or values["TyphaURISAN"])
    files = [bool(values[name]) for name in _TYPHA_FILES]
    if (names or any(files)) and not (names and all(files)):
        wanted = f"{', '.join(_TYPHA_FILES)} and one of TyphaCN and TyphaURISAN"
        yield Finding("Typha's TLS parameters", f"must all be set if one of them is: {wanted}")
