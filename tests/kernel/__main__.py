"""`python -m tests.kernel --minutes 5`: the oracle's rules in this machine's own kernel. Needs root, see `kernel_lab`."""

import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_FOLDERS = ("engine", "selectors", "tests/oracle", "tests/fuzz", "tests/kernel")
sys.path[:0] = [str(_ROOT / folder) for folder in _FOLDERS]

if __name__ == "__main__":
    from kernel_lab.command import main

    sys.exit(main())
