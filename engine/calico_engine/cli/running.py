"""The command as a whole: errors are told and never thrown at the user, and what cannot be written is said."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable
from typing import TextIO

import typer

from calico_engine.cli.application import ALLOWED, BAD_INPUT, INTERRUPTED, app
from calico_engine.cli.screen import discard, print_errors, print_lines
from calico_engine.errors import CalicoEngineError, InvalidManifest, printable
from calico_engine.reports.lines import Line
from calico_selectors import InvalidSelector

_MESSAGE_LIMIT = 2000


def run(arguments: list[str]) -> int:
    """The command with these arguments: its exit code. Errors are told, never thrown at the user."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show ✓ shows \u2713 instead of failing.
            stream.reconfigure(errors="backslashreplace")
    return guarded(lambda: app(arguments, prog_name="calico-engine", standalone_mode=False))


def guarded(action: Callable[[], object]) -> int:
    """The exit code that an action gives, if it gives one, or that of its error, which is told."""
    try:
        code = action()
        return code if isinstance(code, int) else ALLOWED
    except InvalidManifest as error:
        print_errors(error.errors, error.texts, sys.stderr)
    except OSError as error:
        _tell(_unwritten(error))
    except InvalidSelector as error:
        # Its lines draw a caret under the place, and show every character as it is.
        print_lines([Line(line, "bad") for line in f"error: no selector: {error}".splitlines()], sys.stderr)
    except (CalicoEngineError, ValueError) as error:
        _tell(f"error: {printable(str(error), _MESSAGE_LIMIT)}")
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:
        if "CALICO_ENGINE_DEBUG" in os.environ:
            raise
        _tell(printable(_unexpected(error), _MESSAGE_LIMIT))
    return BAD_INPUT


def _tell(text: str) -> None:
    print_lines([Line(text, "bad")], sys.stderr)


def _unexpected(error: Exception) -> str:
    # typer's own errors, about options and arguments; where their class lives differs between its versions.
    told = getattr(error, "format_message", None)
    if callable(told):
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", None) or "calico-engine"
        # Some versions of typer say what kind of exception a value raised.
        message = told().replace(": Value error, ", ": ", 1)
        return f"error: {message} ({command} -h shows the usage)"
    return f"internal error, please report it: {type(error).__name__}: {error}"


def main() -> None:
    """The entry point."""
    with contextlib.ExitStack() as stack:
        # Python has no stream where the shell has closed it (`>&-`).
        sys.stdout = sys.stdout or stack.enter_context(open(os.devnull, "w"))  # noqa: PTH123
        sys.stderr = sys.stderr or stack.enter_context(open(os.devnull, "w"))  # noqa: PTH123
        code = run(sys.argv[1:])
        raise SystemExit(code if _flushed() else BAD_INPUT)


def _flushed() -> bool:
    """Whether everything could be written. That the reader has gone is its own affair."""
    streams: tuple[TextIO, ...] = (sys.stdout, sys.stderr)
    written = True
    for stream in streams:
        try:
            stream.flush()
        except OSError as error:
            discard(stream)
            if not isinstance(error, BrokenPipeError):
                _tell(_unwritten(error))
                written = False
    return written


def _unwritten(error: OSError) -> str:
    return f"error: the answer could not be written: {error.strerror}"
