"""FelixConfiguration objects: which of them apply to a node, and the settings that each one makes.

`default` is for every node, `node.NAME` for one, any other name for the nodes that its `nodeSelector` matches; of
several such objects only the oldest counts (felix/calc/config_batcher.go: MergeSelectorConfigs).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from calico_engine.configuration.failsafes import FailsafeError
from calico_engine.configuration.findings import Finding, Level, Setting
from calico_engine.configuration.spec_fields import JsonType, SpecField, spec_field
from calico_engine.configuration.spec_text import JSON, field_text
from calico_engine.frozen import frozen
from calico_selectors import InvalidSelector, Selector

ANNOTATION_PREFIX = "config.projectcalico.org/"
_DEFAULT, _NODE_PREFIX = "default", "node."


@frozen
class FelixObject:
    """A FelixConfiguration resource as it is stored; `creation_timestamp` is RFC 3339, None if it has none."""

    name: str
    annotations: Mapping[str, str] = field(default_factory=dict)
    spec: Mapping[str, JSON] = field(default_factory=dict)
    creation_timestamp: str | None = None

    def __str__(self) -> str:
        return f"FelixConfiguration {self.name}"


@frozen
class AppliedObjects:
    """The settings of the objects that apply to a node, per level, and what was found on the way."""

    settings: Mapping[Level, tuple[Setting, ...]]
    warnings: tuple[Finding, ...]
    errors: tuple[Finding, ...]


def applied_objects(node: str, labels: Mapping[str, str] | None, objects: Iterable[FelixObject]) -> AppliedObjects:
    """What the objects say for one node; `labels` are its Node's, None for a node that is not known."""
    settings: dict[Level, tuple[Setting, ...]] = {}
    warnings: list[Finding] = []
    errors: list[Finding] = []
    scoped: list[FelixObject] = []
    for each in objects:
        level = _level(each, node)
        if level is Level.SELECTOR:
            if _selects(each, labels, warnings):
                scoped.append(each)
        elif level is not None:
            _note_ineffective_selector(each, warnings)
            settings[level] = object_settings(each, warnings, errors)
        errors.extend(_crashes(each))
    if scoped:
        settings[Level.SELECTOR] = object_settings(_oldest(scoped, warnings), warnings, errors)
    return AppliedObjects(settings, tuple(warnings), tuple(dict.fromkeys(errors)))


def _level(each: FelixObject, node: str) -> Level | None:
    """Where an object stands; None if it is another node's."""
    if each.name == _DEFAULT:
        return Level.GLOBAL
    if each.name.startswith(_NODE_PREFIX):
        return Level.NODE if each.name == _NODE_PREFIX + node else None
    return Level.SELECTOR


def _node_selector(each: FelixObject) -> str:
    value = each.spec.get("nodeSelector")
    return value if isinstance(value, str) else ""


def _note_ineffective_selector(each: FelixObject, warnings: list[Finding]) -> None:
    if _node_selector(each):
        warnings.append(Finding(f"{each}, spec.nodeSelector", "has no effect on an object of this name"))


def _selects(each: FelixObject, labels: Mapping[str, str] | None, warnings: list[Finding]) -> bool:
    text = _node_selector(each)
    if not text:
        warnings.append(
            Finding(
                str(each), "applies to no node: its name is neither default nor node.NAME, and it has no nodeSelector"
            )
        )
        return False
    try:
        selector = Selector(text)
    except InvalidSelector as error:
        warnings.append(
            Finding(f"{each}, spec.nodeSelector", f"is no selector, so the object is ignored: {error.message}")
        )
        return False
    # A node without labels matches nothing, not even all(): a nil map is what Felix holds for "no node".
    return bool(labels) and selector.matches(labels or {})


def _oldest(scoped: Sequence[FelixObject], warnings: list[Finding]) -> FelixObject:
    """The object created first, then the lowest name; a missing time is older than all others."""
    if len(scoped) == 1:
        return scoped[0]
    winner = min(scoped, key=lambda each: (_created(each), each.name))
    others = ", ".join(sorted(each.name for each in scoped if each is not winner))
    warnings.append(Finding(str(winner), f"is the oldest that selects this node; not used: {others}"))
    return winner


def _created(each: FelixObject) -> float:
    from datetime import UTC, datetime  # rarely needed: keep the import of the package cheap

    try:
        moment = datetime.fromisoformat(each.creation_timestamp or "")
    except ValueError:
        return float("-inf")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def object_settings(each: FelixObject, warnings: list[Finding], errors: list[Finding]) -> tuple[Setting, ...]:
    """What one object sets: its spec's fields, then its annotations, which win."""
    settings = [
        setting
        for name, value in each.spec.items()
        if (setting := _spec_setting(each, name, value, warnings, errors)) is not None
    ]
    named = {annotation.name: annotation for annotation in _annotation_settings(each)}
    return (*(setting for setting in settings if setting.name not in named), *named.values())


def _spec_setting(
    each: FelixObject, name: str, value: JSON, warnings: list[Finding], errors: list[Finding]
) -> Setting | None:
    known = spec_field(name)
    if known is None:
        warnings.append(Finding(f"{each}, spec.{name}", "is no field of the resource and is ignored"))
        return None
    if known.felix_name is None or value is None or value == "":
        return None
    origin = f"{each}, spec.{known.name}"
    try:
        return Setting(known.felix_name, field_text(known, value), origin)
    except FailsafeError:
        return None  # reported by _crashes, whether the object applies here or not
    except ValueError as error:
        errors.append(Finding(origin, str(error)))
        return None


def _annotation_settings(each: FelixObject) -> Iterator[Setting]:
    for key, text in each.annotations.items():
        if key.startswith(ANNOTATION_PREFIX):
            yield Setting(key.removeprefix(ANNOTATION_PREFIX), text, f"{each}, annotation {key}")


def _crashes(each: FelixObject) -> Iterator[Finding]:
    """Failsafe lists that crash the converter.

    It runs for every object that reaches Felix (or Typha), so a bad object of one node stops all of them; only an
    object whose nodeSelector does not parse is put away unread, and an annotation does not replace the conversion
    of a selector-scoped one.
    """
    if _level(each, "") is Level.SELECTOR and _node_selector(each) and not _parses(_node_selector(each)):
        return
    for name, value in each.spec.items():
        known = spec_field(name)
        if known is not None and known.json_type is JsonType.FAILSAFES and not _overridden(each, known):
            try:
                field_text(known, value if value is not None else ())
            except FailsafeError as error:
                yield Finding(f"{each}, spec.{known.name}", f"crashes Felix on every node: {error}")
            except ValueError:
                continue


def _parses(selector: str) -> bool:
    try:
        Selector(selector)
    except InvalidSelector:
        return False
    return True


def _overridden(each: FelixObject, known: SpecField) -> bool:
    """Of `default` and `node.NAME`, a field with an annotation of its name is never converted."""
    return f"{ANNOTATION_PREFIX}{known.felix_name}" in each.annotations and _level(each, "") is not Level.SELECTOR
