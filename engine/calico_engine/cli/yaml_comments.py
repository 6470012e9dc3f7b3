"""Comments below an entry of a mapping or list: they belong to what follows it, and ruamel.yaml holds them at the entry.

Where an entry is added behind it or it is taken away, they are moved to what stands in its place then.
"""

from __future__ import annotations

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

Collection = CommentedMap | CommentedSeq

#: Where ruamel.yaml holds the comment behind an entry of a mapping, and of a sequence.
_MAPPING_SLOT, _SEQUENCE_SLOT = 2, 0


def detach(node: Collection, key: object = None) -> str | None:
    """Take the lines below the entry (the last one) away from it; what stands on its own line stays."""
    found = _last(node, key)
    if found is None:
        return None
    holder, key, slot = found
    tokens = holder.ca.items.get(key)
    token = tokens[slot] if tokens else None
    if not isinstance(token, CommentToken):
        return None
    own, _, below = token.value.partition("\n")
    if not below:
        return None
    if own:
        token.value = f"{own}\n"
    else:
        tokens[slot] = None
    return str(below)


def attach(node: Collection, below: str | None, key: object = None) -> None:
    """Put the lines below the entry, or below what is the last one now."""
    found = _last(node, key)
    if below is None or found is None:
        return
    holder, key, slot = found
    tokens = holder.ca.items.setdefault(key, [None, None, None, None])
    held = tokens[slot]
    own = held.value.removesuffix("\n") if isinstance(held, CommentToken) else ""
    tokens[slot] = CommentToken(f"{own}\n{below}", CommentMark(held.start_mark.column if held else 0), None)


def remove(node: Collection, key: object) -> None:
    """Take an entry away, with the comment on its own line, and leave the lines below it where they are."""
    keys = _keys(node)
    place = keys.index(key)
    below = detach(node, key)
    del node[key]
    if place:
        attach(node, below, keys[place - 1])
    elif below is not None and len(node):
        lines = [line.strip().removeprefix("#").removeprefix(" ") for line in below.splitlines() if line.strip()]
        node.yaml_set_comment_before_after_key(_keys(node)[0], "\n".join(lines), indent=node.lc.col)


def _last(node: Collection, key: object) -> tuple[Collection, object, int] | None:
    """The deepest last entry within the entry: the collection that has it, its key, and where its comment is held."""
    if not node:
        return None
    keys = _keys(node)
    key = keys[-1] if key is None else key
    found: tuple[Collection, object, int] = (node, key, _slot(node))
    held: object = node[key]
    while isinstance(held, Collection) and len(held) and not held.fa.flow_style():
        key = _keys(held)[-1]
        found, held = (held, key, _slot(held)), held[key]
    return found


def _keys(node: Collection) -> list[object]:
    return list(node) if isinstance(node, CommentedMap) else list(range(len(node)))


def _slot(node: Collection) -> int:
    return _MAPPING_SLOT if isinstance(node, CommentedMap) else _SEQUENCE_SLOT
