"""Remarks on objects that are no refusals of calicoctl's."""

from __future__ import annotations

import enum

from calico_engine.frozen import frozen
from calico_engine.manifests.decoding import Path


class Severity(enum.Enum):
    """Whether a remark keeps an object from being used."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Advice:
    """Something worth knowing about the value at `path` within one object; `at_key` when the key itself is meant."""

    path: Path
    message: str
    severity: Severity
    at_key: bool = False


def error(path: Path, message: str) -> Advice:
    return Advice(path, message, Severity.ERROR)


def warning(path: Path, message: str, *, at_key: bool = False) -> Advice:
    return Advice(path, message, Severity.WARNING, at_key)
