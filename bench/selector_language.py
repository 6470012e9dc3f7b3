"""Selectors: reading one, and asking one.

The workload is a cluster's usual mix: eight labels per endpoint, and 10,000 drawn selectors that are some
1,800 distinct texts. The reference is the same test written by hand as a Python lambda.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import TypeAlias

from bench.measure import Row, compare
from calico_selectors import InvalidSelector, Selector
from calico_selectors.canonical import canonical
from calico_selectors.evaluation import compiled, interpreted
from calico_selectors.lark_tables import lark_parser
from calico_selectors.syntax import parse
from calico_selectors.tables import GRAMMAR

_DRAWN = 10_000
_ENDPOINTS = 20
_ENVIRONMENTS = ("dev", "stage", "prod")

# A selector, and the same test as the source of a Python lambda.
Pair: TypeAlias = tuple[str, str]
Labels: TypeAlias = dict[str, str]
Test: TypeAlias = Callable[[Labels], bool]


def measure() -> list[Row]:
    """Reading and matching the mix, and the worst megabytes."""
    random = Random(7)
    pairs = sorted({_pair(random) for _ in range(_DRAWN)})
    endpoints = [_endpoint(random, number) for number in range(_ENDPOINTS)]
    return [*_reading(pairs), *_matching(pairs, endpoints), *_megabytes()]


def _reading(pairs: Sequence[Pair]) -> list[Row]:
    texts, sources = [text for text, _ in pairs], [source for _, source in pairs]
    row = partial(compare, "selector_language", units=len(pairs))
    lark = lark_parser(GRAMMAR.read_text(encoding="utf-8"))
    python = "eval of the lambda's source"
    return [
        row("parse, not seen before", _each(parse, texts), python, _each(eval, sources)),
        row("parse, not seen before", _each(parse, texts), "Lark itself", _each(lark.parse, texts)),
        row("parse, up to the first match", _each(_interpreted, texts), python, _each(eval, sources)),
        row("parse and compile", _each(_compiled, texts), python, _each(eval, sources)),
        row("Selector(text), seen before", _each(Selector, texts), "str(text)", _each(str, texts)),
    ]


def _matching(pairs: Sequence[Pair], endpoints: Sequence[Labels]) -> list[Row]:
    selectors = [Selector(text) for text, _ in pairs]
    lambdas: list[Test] = [eval(source) for _, source in pairs]
    for matches in [selector.matches for selector in selectors for _ in range(300)]:
        matches(endpoints[0])  # often enough to be compiled
    forms: dict[str, list[Test]] = {
        "selector.matches(labels)": [selector.matches for selector in selectors],
        "selector.compiled(labels)": [selector.compiled for selector in selectors],
        "not compiled": [interpreted(selector.tree) for selector in selectors],
    }
    row = partial(compare, "selector_language", units=len(pairs) * len(endpoints))
    bare = _on_all(lambdas, endpoints)
    return [row(f"match, {form}", _on_all(tests, endpoints), "the lambda", bare) for form, tests in forms.items()]


def _megabytes() -> list[Row]:
    """The texts of a megabyte that take longest."""
    worst = {
        "1 MB of parentheses": "(" * 500_000 + "all()" + ")" * 500_000,
        "1 MB of nested negations": "!(" * 333_000 + "all()" + ")" * 333_000,
        "1 MB of comparisons": "a=='b'||" * 125_000 + "all()",
        "1 MB of nested comparisons": "(a==''&&" * 111_000 + "all()" + ")" * 111_000,
        "1 MB of set members": "a in {" + "'x'," * 250_000 + "}",
        "1 MB of unclosed parentheses": "(" * 1_000_000,
    }
    row = partial(compare, "selector_language", rounds=1)
    loop = "a loop over its characters"
    return [row(case, partial(_answer, text), loop, partial(_loop_over, text)) for case, text in worst.items()]


def _each(work: Callable[[str], object], texts: Sequence[str]) -> Callable[[], None]:
    def all_of_them() -> None:
        for text in texts:
            work(text)

    return all_of_them


def _on_all(tests: Sequence[Test], endpoints: Sequence[Labels]) -> Callable[[], None]:
    def all_of_them() -> None:
        for test in tests:
            for labels in endpoints:
                test(labels)

    return all_of_them


def _interpreted(text: str) -> object:
    return interpreted(parse(text))


def _compiled(text: str) -> object:
    tree = parse(text)
    return compiled(tree, canonical(tree))


def _answer(text: str) -> str:
    try:
        parse(text)
    except InvalidSelector as error:
        return str(error)
    return ""


def _loop_over(text: str) -> None:
    for _ in text:
        pass


def _app(random: Random) -> str:
    return f"app{min(int(random.paretovariate(1)), 500)}"


def _endpoint(random: Random, number: int) -> Labels:
    labels = {
        "hostname": f"host{number}",
        "app": _app(random),
        "team": f"team{random.randrange(60)}",
        "zone": f"zone{random.randrange(12)}",
        "env": random.choice(_ENVIRONMENTS),
        "tier": f"tier{random.randrange(4)}",
    }
    rare = {"role": f"role{random.randrange(3)}", "canary": "", "gpu": ""}
    return labels | {name: value for name, value in rare.items() if random.random() < 0.3}


def _pair(random: Random) -> Pair:
    return random.choices(_SHAPES, _WEIGHTS)[0](random)


def _by_app(random: Random) -> Pair:
    app = _app(random)
    return f"app == '{app}'", f"lambda labels: labels.get('app') == '{app}'"


def _by_app_and_environment(random: Random) -> Pair:
    app, env = _app(random), random.choice(_ENVIRONMENTS)
    return (
        f"app == '{app}' && env == '{env}'",
        f"lambda labels: labels.get('app') == '{app}' and labels.get('env') == '{env}'",
    )


def _by_presence_and_zone(random: Random) -> Pair:
    rare, zone = random.choice(("canary", "gpu")), f"zone{random.randrange(12)}"
    return (
        f"has({rare}) && zone == '{zone}'",
        f"lambda labels: '{rare}' in labels and labels.get('zone') == '{zone}'",
    )


def _by_teams_and_tier(random: Random) -> Pair:
    teams, tier = [f"team{number}" for number in random.sample(range(60), 3)], f"tier{random.randrange(4)}"
    members = ", ".join(f"'{team}'" for team in teams)
    return (
        f"team in {{{members}}} && tier != '{tier}'",
        f"lambda labels: labels.get('team') in {{{members}}} and labels.get('tier') != '{tier}'",
    )


def _by_app_or_team_without(random: Random) -> Pair:
    app, team, rare = _app(random), f"team{random.randrange(60)}", random.choice(("canary", "gpu"))
    return (
        f"(app == '{app}' || team == '{team}') && !has({rare})",
        f"lambda labels: (labels.get('app') == '{app}' or labels.get('team') == '{team}') and '{rare}' not in labels",
    )


def _by_role(random: Random) -> Pair:
    role = f"role{random.randrange(3)}"
    return f"role == '{role}'", f"lambda labels: labels.get('role') == '{role}'"


def _by_hostname(random: Random) -> Pair:
    start = f"host{random.randrange(100)}"
    return f"hostname starts with '{start}'", f"lambda labels: labels.get('hostname', '').startswith('{start}')"


def _everything(_: Random) -> Pair:
    return "all()", "lambda labels: True"


_SHAPES = (
    _by_app,
    _by_app_and_environment,
    _by_presence_and_zone,
    _by_teams_and_tier,
    _by_app_or_team_without,
    _by_role,
    _by_hostname,
    _everything,
)
_WEIGHTS = (35, 25, 10, 10, 7, 6, 4, 3)
