"""Policies under test: cases in YAML that say which connections are to be allowed, and what decides on them."""
