"""The command `calico-engine`. Exit codes: 0 allowed or valid, 1 denied or findings, 2 bad input or usage, 3 uncertain.

Each command has a file of its own, which registers it with `application.app`.
"""

import gc
import os

from calico_engine.garbage import collector_paused

# Nobody's plugins have a part in reading manifests, and to look for them takes time at every start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

with collector_paused():  # a tenth of the start
    from calico_engine.cli import (
        apply,
        check,
        controllers,
        convert,
        delete,
        dump_command,
        evaluate,
        get,
        label,
        mutate,
        new,
        patch,
        test,
        validate,
    )
    from calico_engine.cli.running import main, run

    gc.freeze()  # what was imported stays, and need not be looked at again

__all__ = ["main", "run"]

#: To import a command is to register it.
COMMANDS = (
    check,
    test,
    validate,
    get,
    evaluate,
    controllers,
    convert,
    apply,
    delete,
    patch,
    label,
    mutate,
    new,
    dump_command,
)
