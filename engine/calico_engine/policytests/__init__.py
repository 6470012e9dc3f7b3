"""Policies under test: cases in YAML that say which connections are to be allowed, and what decides on them."""

#: How files of cases are called.
SUFFIXES = (".policytest.yaml", ".policytest.yml", ".policytest.json")
