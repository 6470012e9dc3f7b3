"""Calico's label selectors: parsed, printed, hashed and evaluated as Calico v3.32 does.

The grammar is in `grammar.lark`; a selector's tree is made of the classes in `calico_selectors.nodes`.
"""

from calico_selectors.errors import InvalidSelector
from calico_selectors.explanation import Explanation, TermResult
from calico_selectors.labels import LayeredLabels
from calico_selectors.normalising import normalise
from calico_selectors.restrictions import LabelRestriction
from calico_selectors.selector import Selector

__all__ = [
    "Explanation",
    "InvalidSelector",
    "LabelRestriction",
    "LayeredLabels",
    "Selector",
    "TermResult",
    "normalise",
]
