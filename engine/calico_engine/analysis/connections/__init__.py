"""A connection, asked the way people ask: which packets it is, on which nodes, and what becomes of them."""
