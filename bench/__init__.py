"""Benchmarks: ``python -m bench [SUBJECT…] [--json FILE]``. Each module here with a `measure` is a subject."""
