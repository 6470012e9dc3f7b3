"""Label names with a prefix: how selectors on namespaces and service accounts become selectors on endpoints."""

from __future__ import annotations

from dataclasses import replace

from calico_selectors.nodes import All, Composite, Global, Leaf, Node, Not, fold


def prefixed(root: Node, prefix: str) -> Node:
    """The same tree with every label name prefixed (ast.go: PrefixVisitor). The 512 limit is not checked again."""

    def leaf(term: Leaf) -> Node:
        return term if isinstance(term, All | Global) else replace(term, label=prefix + term.label)

    return fold(root, leaf, _rebuilt)


def _rebuilt(node: Composite, operands: list[Node]) -> Node:
    return Not(operands[0]) if isinstance(node, Not) else type(node)(tuple(operands))
