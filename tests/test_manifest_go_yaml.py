"""Values and refusals of go-yaml v2.4.2 and sigs.k8s.io/yaml v1.6.0, which calicoctl reads with, recorded text by text.

The texts are all scalars that look like something, as values and as keys, tags, aliases around the allowed share, and
small documents with a few characters changed at random.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calico_engine.manifests import yaml_events
from calico_engine.manifests.yaml_problems import InvalidYaml
from calico_engine.manifests.yaml_values import JsonValue, parse_value

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "manifests"
GROUPS = ("scalar", "key", "tag", "syntax", "alias")
SHOWN = 10


def rows(group: str) -> list[tuple[str, str | None]]:
    lines = (FIXTURES / "go-yaml-answers.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    return [(answer["text"], answer["json"]) for answer in answers if answer["group"] == group]


def reading(text: str) -> tuple[JsonValue, bool]:
    try:
        return parse_value(text), True
    except InvalidYaml:
        return None, False


def agrees(text: str, recorded: str | None) -> bool:
    value, accepted = reading(text)
    if recorded is None or not accepted:
        return recorded is None and not accepted
    return recorded == "large" or same(value, json.loads(recorded))


def same(ours: object, recorded: object) -> bool:
    """Equal, when Go's way to write a whole float without a dot is allowed for."""
    pairs = [(ours, recorded)]
    while pairs:
        left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
            pairs.extend((left[key], right[key]) for key in left)
        elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
            pairs.extend(zip(left, right, strict=True))
        elif isinstance(left, float) and type(right) in (int, float):
            pairs.append((left == float(str(right)), True))
        elif type(left) is not type(right) or left != right:
            return False
    return True


@pytest.mark.parametrize("group", GROUPS)
def test_every_recorded_text_is_read_as_go_yaml_reads_it(group: str) -> None:
    answers = rows(group)
    assert len(answers) > 100
    wrong = [(text, recorded, reading(text)) for text, recorded in answers if not agrees(text, recorded)]
    assert not wrong[:SHOWN], f"{len(wrong)} of {len(answers)}"


@pytest.mark.parametrize("group", ["scalar", "key", "alias"])
def test_without_libyaml_the_values_are_the_same(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.setattr(yaml_events, "_Parser", yaml.SafeLoader)
    answers = rows(group)
    wrong = [(text, recorded, reading(text)) for text, recorded in answers if not agrees(text, recorded)]
    assert not wrong[:SHOWN], f"{len(wrong)} of {len(answers)}"
