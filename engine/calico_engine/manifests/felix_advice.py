"""Remarks on FelixConfigurations: values with which Felix would not start, or that have no effect.

Source: felix/config/param_types.go, libcalico-go …/felixconfigprocessor.go (spec resources 6.1-6.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calico_engine.configuration.failsafes import FailsafeError, parse_failsafes, structured_text
from calico_engine.manifests.decoding import Path
from calico_engine.manifests.findings import Advice, error, warning
from calico_engine.manifests.validator.shapes import selector_problem
from calico_engine.resources import FelixConfiguration

_SPEC: Path = ("spec",)
_FAILSAFE_FIELDS = ("failsafeInboundHostPorts", "failsafeOutboundHostPorts")
_ANNOTATION_PREFIX = "config.projectcalico.org/"


def felix_advice(configuration: FelixConfiguration) -> Iterator[Advice]:
    spec = configuration.spec
    for field in _FAILSAFE_FIELDS:
        entries = spec.get(field)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                yield from _failsafe(entry, (*_SPEC, field, index))
    yield from _annotations(configuration)
    if "kubeNodePortRanges" in spec:
        message = "has no effect in this release of Calico: the default 30000:32767 is used"
        yield warning((*_SPEC, "kubeNodePortRanges"), message, at_key=True)
    yield from _scope(configuration)


def _failsafe(entry: Mapping[str, object], path: Path) -> Iterator[Advice]:
    try:
        parse_failsafes(structured_text([entry]))
    except FailsafeError as problem:
        yield error(path, f"Felix would not start: {problem}")


def _annotations(configuration: FelixConfiguration) -> Iterator[Advice]:
    """Annotations set parameters by Felix's own names, in any case, and win over the spec."""
    wanted = {field.lower() for field in _FAILSAFE_FIELDS}
    for key, text in configuration.metadata.annotations.items():
        name = key.removeprefix(_ANNOTATION_PREFIX)
        if name == key or name.lower() not in wanted or not text or text.lower() == "none":
            continue
        try:
            parse_failsafes(text)
        except FailsafeError as problem:
            yield error(("metadata", "annotations", key), f"Felix would not start: {problem}")


def _scope(configuration: FelixConfiguration) -> Iterator[Advice]:
    name, selector = configuration.metadata.name, configuration.spec.get("nodeSelector")
    by_name = name == "default" or name.startswith("node.")
    if isinstance(selector, str) and selector:
        message = selector_problem(selector)
        if message is not None:
            yield warning((*_SPEC, "nodeSelector"), f"Felix ignores this configuration: {message}")
    elif not by_name:
        message = 'applies to no node: only "default", "node.NAME", and those with a nodeSelector do'
        yield warning(("metadata", "name"), message)
