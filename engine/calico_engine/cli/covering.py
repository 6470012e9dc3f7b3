"""`calico-engine test --coverage`: what the command line asks for of a run's coverage, and what is told of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping

from calico_engine.analysis.coverage import Coverage
from calico_engine.cli.application import WrongUsage
from calico_engine.cli.screen import print_lines
from calico_engine.errors import quoted
from calico_engine.frozen import frozen
from calico_engine.reports.coverage import coverage_json, coverage_lines, percent_text
from calico_engine.reports.lcov import lcov_text
from calico_engine.reports.lines import Line

_FORMATS: Mapping[str, Callable[[Coverage], str]] = {
    "lcov": lcov_text,
    "json": lambda coverage: json.dumps(coverage_json(coverage), indent=2) + "\n",
}


@frozen
class CoverageReports:
    """`shown`: as text too; `files`: (format, name); `least`: the percentage that is wanted, if any is."""

    shown: bool
    files: tuple[tuple[str, str], ...]
    least: float | None

    @classmethod
    def asked(cls, shown: bool, outputs: Iterable[str], least: float | None) -> CoverageReports | None:
        """What these options ask for; None if nothing. `outputs` are lcov=FILE and json=FILE."""
        files = tuple(map(_file, outputs))
        return cls(shown, files, least) if shown or files or least is not None else None

    @property
    def names(self) -> list[str]:
        """The files that are to be written."""
        return [name for _, name in self.files]

    def texts(self, coverage: Coverage) -> Iterable[tuple[str, str]]:
        """The files with what is to stand in them."""
        return ((name, _FORMATS[form](coverage)) for form, name in self.files)

    def tell(self, coverage: Coverage, output: str) -> bool:
        """Whether it is enough. What is shown does not get between the lines of another output than text."""
        if self.shown:
            print_lines([Line(""), *coverage_lines(coverage)], sys.stdout if output == "text" else sys.stderr)
        if self.least is None or coverage.percent >= self.least:
            return True
        text = f"coverage {percent_text(coverage.share)} is less than the {self.least:g}% of --fail-under"
        print_lines([Line(text, "bad")], sys.stderr)
        return False


def _file(text: str) -> tuple[str, str]:
    form, _, name = text.partition("=")
    if form not in _FORMATS or not name:
        wanted = " or ".join(f"{each}=FILE" for each in _FORMATS)
        raise WrongUsage(f"--coverage-output is {wanted}, not {quoted(text)}")
    return form, name
