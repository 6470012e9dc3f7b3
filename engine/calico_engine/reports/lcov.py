"""Coverage of policies as an lcov tracefile, whose readers show it beside the lines of the manifests.

A policy is a function, hit as often as packets came to it. The line of a rule is hit as often as the rule matched, that
of a clause as often as it was exercised; a clause has two branches: that it let a packet through its rule, and that it
alone kept one out. Format: geninfo(1), section "Tracefile format".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from calico_engine.analysis.coverage import Coverage, PolicyCoverage
from calico_engine.errors import printable

_LONGEST = 4_000


def lcov_text(coverage: Coverage) -> str:
    """The tracefile: a record for each file, staged policies left out."""
    files: dict[str, _Record] = {}
    for policy in coverage.enforced:
        if policy.file is not None:
            files.setdefault(policy.file, _Record()).add(policy)
    return "".join(f"{line}\n" for file, record in sorted(files.items()) for line in record.lines(file))


class _Record:
    """What is known of one file: hits of lines, policies with theirs, and the branches of each line."""

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}
        self._policies: list[tuple[int, str, int]] = []
        self._branches: dict[int, list[str]] = {}

    def add(self, policy: PolicyCoverage) -> None:
        tried = sum(each.tried for each in policy.directions)
        self._policies.append((self._hit(policy.line, tried), _name(policy), tried))
        for each in policy.directions:
            for rule in each.rules:
                self._hit(policy.rule_line(rule), rule.matched)
                for clause in rule.clauses:
                    found = policy.clause_line(rule, clause.clause)
                    line = self._hit(found, clause.matched + clause.decisive)
                    ways = [str(way) if rule.tried else "-" for way in (clause.matched, clause.decisive)]
                    self._branches.setdefault(line, []).extend(ways)

    def _hit(self, line: int | None, times: int) -> int:
        """What several of on one line is hit most says how often the line is."""
        assert line is not None
        self._lines[line] = max(times, self._lines.get(line, 0))
        return line

    def lines(self, file: str) -> Iterator[str]:
        yield "TN:"
        yield f"SF:{printable(file, _LONGEST)}"
        yield from (f"FN:{line},{name}" for line, name, _ in self._policies)
        yield from (f"FNDA:{times},{name}" for _, name, times in self._policies)
        yield from _totals("FN", [times for *_, times in self._policies])
        branches = [
            (line, at, taken)
            for line, all_taken in sorted(self._branches.items())
            for at, taken in enumerate(all_taken)
        ]
        yield from (f"BRDA:{line},{at // 2},{at % 2},{taken}" for line, at, taken in branches)
        yield from _totals("BR", [0 if taken == "-" else int(taken) for *_, taken in branches])
        yield from (f"DA:{line},{times}" for line, times in sorted(self._lines.items()))
        yield from _totals("L", [*self._lines.values()])
        yield "end_of_record"


def _totals(what: str, hits: Collection[int]) -> Iterator[str]:
    """How many were found, and how many hit."""
    yield f"{what}F:{len(hits)}"
    yield f"{what}H:{sum(map(bool, hits))}"


def _name(policy: PolicyCoverage) -> str:
    text = "/".join(filter(None, (policy.id.kind, policy.id.namespace, policy.id.name)))
    return printable(text, _LONGEST).replace(",", "\\x2c")
