"""A second opinion on verdicts: the iptables rules that Felix would program, rendered and interpreted one by one.

Written from Felix's behaviour and from nothing of the engine behind the reading of manifests and of configuration, slowly
and plainly, so that a fault would have to be made twice to go unseen. What both share (selectors, the reader with its
validator and defaults, Felix's configuration) only recorded answers can check.

    conversion, rule_conversion, flattening, kubernetes    objects → what Felix holds of them, past its second gate
    felix, ordering, hosts      that model; which policies act on an endpoint, which endpoint governs an interface
    scanning, ipsets            selectors, named ports and services → sets of addresses
    matches, iptables           the language: matches, actions, rules, chains, tables
    policies, blocks, groups, endpoint_chains, failsafes, dispatch, static, ruleset    what Felix renders in that language
    kernel, oracle              a packet walks through the hooks, mark bits and all
    saving                      the rendered tables as `iptables-save` prints them

`Oracle` is the door; `python -m felix_oracle` prints the chains of a node.
"""

from felix_oracle.oracle import Opinion, Oracle

__all__ = ["Opinion", "Oracle"]
