"""Findings on a terminal: under each one the lines of the text that it is about, with a caret under the very value.

Imported on a terminal only, because rich takes its time to load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.cells import cell_len
from rich.text import Text

from calico_engine.errors import ManifestError, printable
from calico_engine.reports.places import Span, lines_of, span_of

_BEFORE, _AFTER = 2, 1
_NARROWEST = 20
_STYLES = {"error": "red", "warning": "yellow"}


def finding_views(findings: Iterable[ManifestError], texts: Mapping[str, str], what: str, width: int) -> Iterator[Text]:
    """For each finding its sentence and, where its text is at hand, the snippet and an empty line.

    `what` is error or warning, `width` that of the terminal in cells.
    """
    for finding in findings:
        yield Text(f"{what}: {finding}", style=_STYLES[what])
        span = span_of(finding, texts)
        if span is not None:
            yield from _snippet(lines_of(texts[finding.file]), span, width, _STYLES[what])
            yield Text()


def _snippet(lines: tuple[str, ...], span: Span, width: int, style: str) -> Iterator[Text]:
    first, last = max(1, span.line - _BEFORE), min(len(lines), span.line + _AFTER)
    if last > span.line and not lines[last - 1].strip():
        last = span.line
    gutter = len(str(last)) + 2
    room = max(_NARROWEST, width - gutter - len(" | ") - 1)
    for number in range(first, last + 1):
        line = lines[number - 1]
        if number != span.line:
            yield Text.assemble((f"{number:>{gutter}} | ", "dim"), (_fitted(_shown(line[:room]), line, room), "dim"))
            continue
        shown, carets = _drawing(line, span, room)
        yield Text.assemble((f"{number:>{gutter}} | ", "dim"), shown)
        yield Text.assemble((f"{'':>{gutter}} | ", "dim"), (carets, style))


def _drawing(line: str, span: Span, room: int) -> tuple[str, str]:
    """What is shown of the line, and the carets to go under it."""
    cut, start = _left_cut(line, span, room), span.column - 1
    before = ("…" if cut else "") + _shown(line[cut:start])
    marks = min(max(1, _cells(line[start : start + min(span.length, room)])), max(1, room - cell_len(before)))
    shown = before + _shown(line[start : start + room])
    return _fitted(shown, line[cut:], room), " " * cell_len(before) + "^" * marks


def _left_cut(line: str, span: Span, room: int) -> int:
    """How many characters are cut off at the left, so that the place can be seen; of a short line none."""
    if span.column <= room and _cells(line[: span.column - 1 + min(span.length, room // 2)]) <= room:
        return 0
    start = span.column - 1
    while start > 0 and _cells(line[start : span.column - 1]) < room // 3:
        start -= 1
    return start


def _fitted(shown: str, written: str, room: int) -> str:
    """The text cut at the right where it is too long for the screen."""
    if len(written) <= room and cell_len(shown) <= room:
        return shown.rstrip()
    kept = shown[:room]
    while cell_len(kept) >= room:
        kept = kept[:-1]
    return kept + "…"


def _cells(text: str) -> int:
    return cell_len(_shown(text))


def _shown(text: str) -> str:
    """Every character visible, and nothing that a terminal would act on."""
    return printable(text, limit=max(1, 10 * len(text)))
