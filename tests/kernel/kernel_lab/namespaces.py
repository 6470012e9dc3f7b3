"""Commands, and this thread, in network namespaces."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

_NETWORK = 0x40000000
_FOLDER = Path("/var/run/netns")
_libc = ctypes.CDLL(None, use_errno=True)


class CommandFailed(Exception):
    """What was called, and what it said."""


def call(*command: str, text: str = "") -> None:
    """Run a command in the namespace of this thread."""
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise CommandFailed(f"{' '.join(command)}: {done.stderr.strip()[:500]}")


def ip(lines: Iterable[str], *options: str) -> None:
    """Several commands of `ip` at once, all with these options; with `-force`, what fails is passed over."""
    try:
        call("ip", *options, "-batch", "-", text="".join(f"{line}\n" for line in lines))
    except CommandFailed:
        if "-force" not in options:
            raise


def renew(name: str) -> None:
    """An empty namespace of this name."""
    remove(name)
    call("ip", "netns", "add", name)


def remove(name: str) -> None:
    """None of this name."""
    if (_FOLDER / name).exists():
        call("ip", "netns", "delete", name)


def enter(name: str) -> None:
    """Move this thread, and with it whatever it starts or opens."""
    with (_FOLDER / name).open() as file:
        if _libc.setns(file.fileno(), _NETWORK):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
