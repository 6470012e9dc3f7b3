"""Packets through chains: the hook tables, and the readers that interpret them."""
