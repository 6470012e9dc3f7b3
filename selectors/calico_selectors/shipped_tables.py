"""The parse tables of `grammar.lark`, as Lark made them.

Lark takes 75 ms to be imported and to analyse the grammar, ten times what the rest of a first selector
needs. So its result is shipped as `tables.json`, together with the grammar's text, and holds as long as
that text is still the grammar. Otherwise Lark is asked again, so an edited grammar works at once, only
slowly; ``python -m calico_selectors.lark_tables`` renews the shipped file.
"""

from __future__ import annotations

import json

from calico_selectors.tables import GRAMMAR, SHIPPED, Rule, Tables


def load() -> Tables:
    """The tables of the grammar as it stands."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8")) if SHIPPED.exists() else {}
    if shipped.get("grammar") == grammar:
        tables = shipped["tables"]
        return Tables(**{**tables, "rules": [Rule(**rule) for rule in tables["rules"]]})
    from calico_selectors.lark_tables import build

    return build(grammar)
