"""A failed assertion about a verdict explains it: what was considered stands below the traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from calico_engine.errors import UncertainVerdict
from calico_engine.verdicts import Verdict

_MOST = 3
#: What pytest's rewriting of assertions calls the values in an assertion that have no name.
_UNNAMED = "@py_assert"


def explain(report: pytest.TestReport, error: BaseException) -> None:
    """Add the explanations of the verdicts that the failed statement names, or that it asked for."""
    add = getattr(report.longrepr, "addsection", None)
    if add is None:
        return
    verdicts = {id(verdict): verdict for verdict in _verdicts(error)}
    for verdict in list(verdicts.values())[:_MOST]:
        add(repr(verdict), verdict.explain())


def _verdicts(error: BaseException) -> Iterator[Verdict]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _verdicts(each)
    if not isinstance(error, AssertionError | UncertainVerdict) or error.__traceback__ is None:
        return
    failed = pytest.ExceptionInfo.from_exception(error).traceback[-1]
    words = set(re.findall(r"\w+", str(failed.statement)))
    local: Mapping[str, object] = failed.locals
    for name, value in local.items():
        if isinstance(value, Verdict) and (name in words or name.startswith(_UNNAMED)):
            yield value
