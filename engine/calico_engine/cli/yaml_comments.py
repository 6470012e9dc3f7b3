"""Comments behind the last entry of a mapping: they belong to what follows it, and ruamel.yaml holds them at the entry.

Where an entry is added behind it or it is taken away, they are moved to what is the last entry then.
"""

from __future__ import annotations

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

#: Where ruamel.yaml holds the comment behind an entry of a mapping, and of a sequence.
_MAPPING_SLOT, _SEQUENCE_SLOT = 2, 0


def detach(node: CommentedMap, key: object = None) -> str | None:
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


def attach(node: CommentedMap, below: str | None, key: object = None) -> None:
    """Put the lines below the entry, or below what is the last one now."""
    found = _last(node, key)
    if below is None or found is None:
        return
    holder, key, slot = found
    tokens = holder.ca.items.setdefault(key, [None, None, None, None])
    held = tokens[slot]
    own = held.value.removesuffix("\n") if isinstance(held, CommentToken) else ""
    tokens[slot] = CommentToken(f"{own}\n{below}", CommentMark(held.start_mark.column if held else 0), None)


def _last(node: CommentedMap, key: object) -> tuple[CommentedMap | CommentedSeq, object, int] | None:
    """The deepest last entry within the entry: the collection that has it, its key, and where its comment is held."""
    if not node:
        return None
    key = list(node)[-1] if key is None else key
    found: tuple[CommentedMap | CommentedSeq, object, int] = (node, key, _MAPPING_SLOT)
    held: object = node[key]
    while isinstance(held, CommentedMap | CommentedSeq) and len(held) and not held.fa.flow_style():
        if isinstance(held, CommentedMap):
            last = list(held)[-1]
            found, held = (held, last, _MAPPING_SLOT), held[last]
        else:
            found, held = (held, len(held) - 1, _SEQUENCE_SLOT), held[len(held) - 1]
    return found
