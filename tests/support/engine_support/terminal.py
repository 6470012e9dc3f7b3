"""The command in a process of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from calico_engine.cli import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT / "engine"), str(_ROOT / "selectors")])}


def on_terminal(arguments: list[str], stdin: bytes | None = None, **environment: str) -> bytes:
    """What a terminal gets, from both streams. Standard input is the terminal too, or else a pipe with these bytes."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env={**ENVIRONMENT, "TERM": "xterm", **environment},
        stdin=follower if stdin is None else subprocess.PIPE,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        if process.stdin is not None:
            process.stdin.write(stdin or b"")
            process.stdin.close()
        shown = b"".join(_until_closed(leader))
        process.wait(timeout=60)
    os.close(leader)
    return shown


def _until_closed(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # Linux says EIO when the last writer has gone
            return
        if not data:
            return
        yield data
