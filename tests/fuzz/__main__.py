"""`python -m tests.fuzz --minutes 60`: the engine against the oracle, for as long as you like."""

import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(_ROOT / folder) for folder in ("engine", "selectors", "tests/oracle", "tests/fuzz")]

if __name__ == "__main__":
    from verdict_fuzz.command import main

    sys.exit(main())
