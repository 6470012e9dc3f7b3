"""Which policies, rules and clauses of rules the packets asked about have exercised, both ways.

A clause is exercised one way by a packet that it lets through a rule, and the other way by a packet that the rule would
have matched but for this clause.
"""

from calico_engine.analysis.coverage.collector import CoverageCollector
from calico_engine.analysis.coverage.merging import merge, within
from calico_engine.analysis.coverage.results import (
    ClauseCoverage,
    Coverage,
    DirectionCoverage,
    PolicyCoverage,
    RuleCoverage,
    Share,
    TierCoverage,
    share_of,
)

__all__ = [
    "ClauseCoverage",
    "Coverage",
    "CoverageCollector",
    "DirectionCoverage",
    "PolicyCoverage",
    "RuleCoverage",
    "Share",
    "TierCoverage",
    "merge",
    "share_of",
    "within",
]
