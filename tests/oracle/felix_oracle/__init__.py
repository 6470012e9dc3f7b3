"""A second opinion on verdicts: the iptables rules that Felix would program, rendered and interpreted one by one.

Written from Felix's behaviour and from nothing of the engine behind the reading of manifests and of configuration, slowly
and plainly, so that a fault would have to be made twice to go unseen. What both share (selectors, the reader with its
validator and defaults, Felix's configuration) only recorded answers can check.

    felix       objects → what Felix reads: flattened selectors, its second gate, labels, orders
    ipsets      selectors and named ports → sets of addresses
    iptables    the language: matches, actions, rules, chains, tables
    policies, endpoint_chains, dispatch, static    what Felix renders in that language
    kernel      a packet walks through the tables, mark bits and all
    saving      the rendered tables as `iptables-save` prints them

`Oracle` is the door; `python -m felix_oracle` prints the chains of a node.
"""

from felix_oracle.oracle import Opinion, Oracle

__all__ = ["Opinion", "Oracle"]
