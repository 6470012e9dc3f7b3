"""Outcomes as data for reports: neighbouring stretches joined, and the first failed question with its trace."""

from __future__ import annotations

from calico_engine.analysis.case_results import CaseResult, Difference
from calico_engine.analysis.neighbours import joined
from calico_engine.policytests.running import Outcome


def result_of(outcome: Outcome) -> CaseResult:
    """One outcome. Of its answers only the first has a trace: to trace is to walk once more."""
    test = outcome.test
    line, column = test.suite.origin.place(("cases", test.index))
    differences = [
        Difference(
            failure.asked.about,
            failure.message,
            failure.asked.example,
            failure.verdict.summary if index else failure.verdict.data,
        )
        for index, failure in enumerate(outcome.failures)
    ]
    return CaseResult(
        test.file,
        line,
        column,
        test.name,
        outcome.status,
        outcome.questions,
        outcome.failed,
        joined(differences),
        outcome.error,
        outcome.clocked,
    )
