"""Python's garbage collector, kept out of the way where many objects are made and all of them stay.

It looks for cycles among all objects again and again while their number grows; reading manifests makes millions, and no
cycles. What is not part of a cycle is freed all the same.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No collection inside; works as a decorator too. One that is off stays off."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
