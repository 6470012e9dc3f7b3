"""The sources on Felix's own machine: its environment and its configuration file, as settings in text."""

from __future__ import annotations

from collections.abc import Mapping

from calico_engine.configuration.config_file import ConfigFileError, parse_config_file
from calico_engine.configuration.findings import Finding, Setting


def environment_settings(environment: Mapping[str, str]) -> tuple[Setting, ...]:
    """Variables FELIX_NAME, in any case (felix/config/env_var_loader.go); others are none of Felix's."""
    settings = {
        key.lower(): Setting(key.partition("_")[2], text, f"environment variable {key}")
        for key, text in environment.items()
        if key.lower().startswith("felix_")
    }
    return tuple(settings.values())


def file_settings(text: str, errors: list[Finding]) -> tuple[Setting, ...]:
    try:
        values = parse_config_file(text)
    except ConfigFileError as error:
        errors.append(Finding(f"configuration file, line {error.line}", str(error)))
        return ()
    return tuple(Setting(value.name, value.text, f"configuration file, line {value.line}") for value in values)
