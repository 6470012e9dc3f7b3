"""What YAML and JSON texts mean and how they are refused: the table of what bites, and each message at its place."""

from __future__ import annotations

import json

import pytest
import yaml

from calico_engine.manifests import yaml_events, yaml_problems
from calico_engine.manifests.yaml_problems import InvalidYaml, YamlProblem
from calico_engine.manifests.yaml_values import parse_value, read_yaml


def problems(text: str) -> tuple[YamlProblem, ...]:
    with pytest.raises(InvalidYaml) as caught:
        parse_value(text)
    return caught.value.problems


# Each beside what PyYAML's own loader makes of it, where that is something else: the reason for a resolver of our own.
SCALARS = [
    ("n", False, "n"),
    ("Y", True, "Y"),
    ("off", False, False),
    ("20:22", "20:22", 1222),
    ("1e3", 1000.0, "1e3"),
    ("0x1f", 31, 31),
    ("0b101", 5, 5),
    ("1_000", 1000, 1000),
    ("0o17", 15, "0o17"),
    ("017", 15, 15),
    ("08", 8.0, "08"),
    ("1.0", 1.0, 1.0),
    ("~", None, None),
    ("", None, None),
    ("1e400", "1e400", "1e400"),
    ("18446744073709551615", 2**64 - 1, 2**64 - 1),
    ("18446744073709551616", 1.8446744073709552e19, 2**64),
    ("-9223372036854775809", -9.223372036854775808e18, -(2**63) - 1),
    ("10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"),
    ("::1", "::1", "::1"),
]


@pytest.mark.parametrize(("text", "value", "elsewhere"), SCALARS)
def test_plain_scalars(text: str, value: object, elsewhere: object) -> None:
    found = parse_value(f"a: {text}\n")
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)
    assert yaml.safe_load(f"a: {text}\n") == {"a": elsewhere}


def test_a_date_is_text() -> None:
    assert parse_value("[2024-01-01, 2001-12-14t21:59:43.10-05:00]") == ["2024-01-01", "2001-12-14t21:59:43.10-05:00"]


@pytest.mark.parametrize("digits", ["1" * 10**6, "0x" + "f" * 10**6, "0." + "1" * 10**6, "1e" + "9" * 10**6])
def test_a_number_of_a_million_digits_has_an_end(digits: str) -> None:
    assert parse_value(digits) in (digits, 0.1111111111111111)


KEYS = [
    ("n: 1", {"false": 1}),
    ("on: 1", {"true": 1}),
    ("017: 1", {"15": 1}),
    ("1.10: 1", {"1.1": 1}),
    ("123456789.0: 1", {"1.2345679e+08": 1}),
    (".inf: 1", {".inf": 1}),
    ("-.INF: 1", {"-.inf": 1}),
    (".nan: 1", {".nan": 1}),
    ("'n': 1", {"n": 1}),
    ("!!str 017: 1", {"017": 1}),
    ("9223372036854775807: 1", {"9223372036854775807": 1}),
    ("'<<': {a: 1}", {"<<": {"a": 1}}),
]


@pytest.mark.parametrize(("text", "value"), KEYS)
def test_keys_are_resolved_and_become_text(text: str, value: object) -> None:
    assert parse_value(text) == value


ACCEPTED = [
    ("{'a': 1, b: [2,], }", {"a": 1, "b": [2]}),
    ('{"a": 01, "b": +1, "c": .5} # comment', {"a": 1, "b": 1, "c": 0.5}),
    ('"\\u00e9\\U0001F600\\x41"', "é😀A"),
    ('{"a":[1],"b":{"c":"d"}}', {"a": [1], "b": {"c": "d"}}),
    ("nets: [fd00::, 'fd00::', fd00::/8, ::1]".replace(", ::1", ""), {"nets": ["fd00::", "fd00::", "fd00::/8"]}),
    ("[a:, {b:}, c:\n]", ["a:", {"b:": None}, {"c": None}]),
    ("[x:, \ue000, '\ue001:']", ["x:", "\ue000", "\ue001:"]),
    ("%YAML 1.1\n---\na: 1", {"a": 1}),
    ("a: b\u2028c: d", {"a": "b", "c": "d"}),
    ("a: b\x85c: d\r\ne: f\rg: h", {"a": "b", "c": "d", "e": "f", "g": "h"}),
    ("- &a {b: [1]}\n- *a\n- {<<: *a, c: 2}", [{"b": [1]}, {"b": [1]}, {"b": [1], "c": 2}]),
    ("- &a 1\n- &a 2\n- *a", [1, 2, 2]),
    ("!!binary aGk=", "hi"),
    ("!!binary /w==", "\ufffd"),
    ("\ufeffa: 1", {"a": 1}),
    ("a: x\ufeff", {"a": "x\ufeff"}),
    ("", None),
    ("# comment", None),
    ("[]", []),
    ("{}", {}),
    ("? a\n? b", {"a": None, "b": None}),
    ("- - - a\n    - b\n  - c\n- d", [[["a", "b"], "c"], "d"]),
    ("a: |\n  x\n   y\n\nb: >-\n  f\n  g\n", {"a": "x\n y\n", "b": "f g"}),
]


@pytest.mark.parametrize(("text", "value"), ACCEPTED)
def test_legal_texts(text: str, value: object) -> None:
    assert parse_value(text) == value


# (text, line, column, part of the message)
REFUSED = [
    ("\ta: 1", 1, 1, "tabs may not indent YAML"),
    ("a:\n\t- b", 2, 1, "tabs may not indent YAML"),
    ("a: 1\n\tb: 2", 2, 1, "tabs may not indent YAML"),
    ("a: b: c", 1, 5, "`: ` cannot stand here"),
    ("spec:\n  a: 1\n b: 2", 3, 2, "a key was expected here"),
    ("- a\nb: 1", 2, 1, "an entry of the list"),
    ("a: 1\nb2:value\nc: 3", 2, 1, "`:` is missing"),
    ("a: [1\nb: 2", 2, 2, "`]` is missing"),
    ("a: {b: 1\nc: 2", 2, 2, "`}` is missing"),
    ("a: 'x\nb: 2\n", 1, 4, "not closed"),
    ('a: "x\nb: 2\n', 1, 4, "not closed"),
    ("a: *", 1, 4, "a name is missing after `*`"),
    ("a: *eth", 1, 4, "`*eth` has no `&eth` before it"),
    ("*a : b", 1, 1, "`*a` has no `&a` before it"),
    ("a: &", 1, 4, "a name is missing after `&`"),
    ("a: @x", 1, 4, "cannot start with `@`"),
    ("a: `x`", 1, 4, "cannot start with a backquote"),
    ("a: |x\n  b", 1, 4, "text block"),
    ("a: - b", 1, 4, "cannot start here"),
    ('a: "\\d"', 1, 5, "unknown escape"),
    ('a: "\\/"', 1, 5, "no escape for calicoctl"),
    ('a: "\\\\\\/"', 1, 7, "no escape for calicoctl"),
    ('a: "\\ud83d\\ude00"', 1, 7, "half a character"),
    ('a: "\\x1"', 1, 7, "too few hexadecimal digits"),
    ("%YAML 1.2\n---\na: 1", 1, 1, "YAML 1.1 only"),
    ("%YAML 1.1\n", 2, 1, "`%` line"),
    ("%FOO\n---\na: 1", 1, 1, "`%` line"),
    ("a: !x!y z", 1, 4, "no %TAG line"),
    ("a: !<x y", 1, 4, "a tag"),
    ("[!a, b]", 1, 2, "a blank must follow a tag"),
    ("a: !!int x", 1, 4, "the tag !!int wants a whole number"),
    ("a: !!float 9223372036854775808", 1, 4, "the tag !!float"),
    ("a: !!binary x", 1, 4, "base64"),
    ("a: !!timestamp 2001-02-29", 1, 4, "a date"),
    ("[a?]", 1, 3, "`?` in an unquoted text"),
    ("[fd00 :, b]", 1, 7, "before a comma or bracket"),
    ("a: .inf", 1, 4, "infinity"),
    ("[&a .nan]", 1, 2, "infinity"),
    ("~: b", 1, 1, "a key may not be null"),
    ("18446744073709551615: b", 1, 1, "cannot be a key"),
    ("[a]: b", 1, 1, "a key must be a text"),
    ("? {a: b}\n: c", 1, 3, "a key must be a text"),
    ("- &a [x]\n- {*a : b}", 2, 4, "a key must be a text"),
    ("&a [*a]", 1, 5, "inside the value that it repeats"),
    ("a: {<<: x}", 1, 9, "`<<` takes a mapping"),
    ("a: &m [{b: 1}]\nc: {<<: *m}", 2, 9, "`<<` takes a mapping"),
    ("a: 1\nb: \x1b[31m", 2, 4, "U+001B may not stand in YAML"),
    ("a: \ud800", 1, 4, "U+D800 may not stand in YAML"),
    ("a: 1\n\ufeffb: 2", 2, 1, "byte order mark"),
    ("a: b}\n---\nc", 2, 1, "text after the end"),
    ("'a' b", 1, 5, "text after the end"),
    ("a: \x00", 1, 4, "U+0000"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), REFUSED)
def test_refused_texts(text: str, line: int, column: int, message: str) -> None:
    first = problems(text)[0]
    assert (first.line, first.column) == (line, column)
    assert message in first.message
    assert first.message.isprintable()


# (text, [(line, column, path, part of the message)])
DUPLICATES = [
    ("a: 1\nb: 2\na: 3\na: 4", [(3, 1, ("a",), "`a` (first on line 1)"), (4, 1, ("a",), "`a` (first on line 1)")]),
    ("x:\n- y: 1\n- z: 1\n  z: 2", [(4, 3, ("x", 1, "z"), "`z` (first on line 3)")]),
    ("n: 1\n'false': 2", [(2, 1, ("false",), "`false` (first on line 1)")]),
    ("1: a\n1.0: b", [(2, 1, ("1",), "`1` (first on line 1)")]),
    ("{a: 1,\n a: 2}", [(2, 2, ("a",), "first on line 1")]),
    ("m: &m {b: 1}\nc:\n  <<: *m\n  b: 2", [(4, 3, ("c", "b"), "first on line 1")]),
    ("m: &m {b: 1}\nc:\n  b: 2\n  <<: *m", [(4, 3, ("c", "b"), "`<<` brings in the key `b`, which stands on line 3")]),
    ("m: &m {b: 1}\nc:\n  <<: [*m, *m]", [(3, 3, ("c", "b"), "`<<` brings in")]),
    ("- &k a\n- *k : 1\n  a: 2", [(3, 3, (1, "a"), "first on line 2")]),
    ("? &k a\n: 1\n? *k\n: 2", [(3, 3, ("a",), "first on line 1")]),
    ('"a\\nb": 1\n"a\\nb": 2', [(2, 1, ("a\nb",), "`a\\nb` (first")]),
]


@pytest.mark.parametrize(("text", "found"), DUPLICATES)
def test_every_key_given_twice_is_told_with_both_places(text: str, found: list[tuple[object, ...]]) -> None:
    told = problems(text)
    assert [(problem.line, problem.column, problem.path) for problem in told] == [place[:3] for place in found]
    assert all(str(place[3]) in problem.message for problem, place in zip(told, found, strict=True))


def test_all_problems_of_a_document_are_told_sorted_and_on_the_lines_of_the_file() -> None:
    with pytest.raises(InvalidYaml) as caught:
        read_yaml("a: .inf\n~: 1\nb: *x\nb: !!int z\n", first_line=10)
    assert [problem.line for problem in caught.value.problems] == [10, 11, 12, 13, 13]
    assert str(caught.value).startswith("10:4: ")


def test_a_tag_that_is_ignored_is_a_notice() -> None:
    reading = read_yaml("selector: !has(x)\nother: !!str 12\nlist: !foo [a]")
    assert reading.value == {"selector": "", "other": "12", "list": ["a"]}
    assert [(notice.line, notice.column) for notice in reading.notices] == [(1, 11), (3, 7)]
    assert "`!has(x)` is a YAML tag" in reading.notices[0].message


def test_the_number_of_problems_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    most = yaml_problems.MOST_PROBLEMS
    assert len(problems("a: .inf\n" + "".join(f"k{index}: .inf\n" for index in range(most * 2)))) == most + 1
    assert len(problems("a: 1\n" * (most * 2))) == most + 1
    assert len(problems("[" + "a?, " * (most * 2) + "]")) == most
    assert len(read_yaml("- !a b\n" * (most * 2)).notices) == most


def test_json_means_what_json_means() -> None:
    value: object = {"a": [1, -2, 1.5, 1e-7, True, False, None, "text", "", "y", "1e3", {"b c": []}], "é\n": {}}
    for text in (json.dumps(value), json.dumps(value, indent=2), json.dumps(value, ensure_ascii=False)):
        assert parse_value(text) == value


def test_without_libyaml_the_messages_are_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_events, "_Parser", yaml.SafeLoader)
    unexplained = [
        (text, told) for text, *_ in REFUSED for told in [told_of(text)] if told is None or "not YAML" in told
    ]
    # PyYAML's parser reads over unknown % lines, and takes the colon in the last for the end of a key.
    assert [text for text, _ in unexplained] == ["%FOO\n---\na: 1", "[fd00 :, b]"]


def told_of(text: str) -> str | None:
    try:
        parse_value(text)
    except InvalidYaml as error:
        return error.problems[0].message
    return None
