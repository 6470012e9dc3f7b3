"""The bits of the packet's mark that Felix uses, in the order in which it takes them from its mask (0xffff0000)."""

from __future__ import annotations

from typing import Final

ACCEPT: Final = 0x10000
PASS: Final = 0x20000
DROP: Final = 0x40000
#: All blocks of a rule match so far; in raw PREROUTING: the packet comes from a workload.
SCRATCH_0: Final = 0x80000
#: The block at hand matches.
SCRATCH_1: Final = 0x100000

FROM_WORKLOAD: Final = SCRATCH_0
ALL_BLOCKS: Final = SCRATCH_0
THIS_BLOCK: Final = SCRATCH_1
#: What the static chains clear (static.go: allCalicoMarkBits); the drop bit is not among them.
EVERY: Final = ACCEPT | PASS | SCRATCH_0 | SCRATCH_1
