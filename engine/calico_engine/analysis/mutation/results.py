"""What became of mutants: which the cases noticed, and what could have been noticed of the others."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from calico_engine.analysis.comparison.witnesses import Witness
from calico_engine.analysis.mutation.mutants import Mutant
from calico_engine.frozen import frozen


class Fate(enum.StrEnum):
    """KILLED: a case noticed. SURVIVED: none did, and a packet could have told. Names are stable."""

    KILLED = "killed"
    SURVIVED = "survived"
    MAYBE_EQUIVALENT = "maybe-equivalent"  # no case noticed, and no packet was found that could have told
    EQUIVALENT = "equivalent"  # no packet can tell


@frozen
class CaseName:
    """A case, and where it stands."""

    file: str
    line: int
    name: str


@frozen
class Judgement:
    """What became of one mutant. `killed_by` is the first case that noticed, and `message` what it said.

    `place` is the file and line of the mistake. `runs`: how many cases were run, because the mutant might change them.
    """

    mutant: Mutant
    place: tuple[str, int] | None
    fate: Fate
    runs: int
    killed_by: CaseName | None = None
    message: str = ""
    witness: Witness | None = None


@frozen
class MutationResults:
    """All mutants of what some cases are about, cluster by cluster, in the order of the objects."""

    cases: tuple[CaseName, ...]
    judgements: tuple[Judgement, ...]
    tries: int

    def count(self, fate: Fate) -> int:
        return sum(judgement.fate is fate for judgement in self.judgements)

    @property
    def score(self) -> float:
        """Per cent of the mutants that are not known to be equivalent that the cases noticed; 100 if there are none."""
        counted = len(self.judgements) - self.count(Fate.EQUIVALENT)
        return 100 * self.count(Fate.KILLED) / counted if counted else 100.0

    @property
    def kills(self) -> dict[CaseName, int]:
        """How many mutants each case was the first to notice."""
        kills = dict.fromkeys(self.cases, 0)
        for judgement in self.judgements:
            if judgement.killed_by is not None:
                kills[judgement.killed_by] += 1
        return kills

    @property
    def survivors(self) -> Sequence[Judgement]:
        return [each for each in self.judgements if each.fate in (Fate.SURVIVED, Fate.MAYBE_EQUIVALENT)]
