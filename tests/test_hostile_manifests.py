"""Wrong values in every place of good documents, and text that draws on the screen in every text and key.

Every answer is an exit code and lines that a terminal can show, in bounded time.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from engine_support.places import places

if TYPE_CHECKING:
    from tests.conftest import Command


FOLDER = Path(__file__).parents[1] / "fixtures" / "hostile"
QUESTION = ("203.0.113.7", "n1", "tcp/80")
GOOD = (FOLDER / "good.yaml").read_text()
DOCUMENTS: list[dict[str, object]] = list(yaml.safe_load_all(GOOD))
DRAWING: dict[str, str] = json.loads((FOLDER / "drawing.json").read_text())
WRONG_VALUES: dict[str, object] = {
    "null": None,
    "true": True,
    "negative": -1,
    "fraction": 1.5,
    "huge": 10**400,
    "empty": "",
    "text": "x y",
    "list": [],
    "list of lists": [[[]]],
    "list of nulls": [None],
    "mapping": {},
    "mapping of mappings": {"a": {"b": {}}},
}


def as_yaml(documents: list[dict[str, object]]) -> bytes:
    """JSON is YAML, and can write every text down."""
    return "\n---\n".join(map(json.dumps, documents)).encode()


# Wrong values in every place


def replaced(document: Mapping[str, object], path: tuple[str | int, ...], value: object) -> dict[str, object]:
    changed = copy.deepcopy(dict(document))
    holder: object = changed
    for key in path[:-1]:
        holder = holder[key]  # type: ignore[index]
    holder[path[-1]] = value  # type: ignore[index]
    return changed


def found(document: Mapping[str, object], path: tuple[str | int, ...]) -> object:
    value: object = document
    for key in path:
        value = value[key]  # type: ignore[index]
    return value


PLACES = [(number, path) for number, document in enumerate(DOCUMENTS) for path in places(document)]


def _name(number: int, path: tuple[str | int, ...]) -> str:
    return f"{DOCUMENTS[number]['kind']}." + ".".join(map(str, path))


def test_the_documents_are_good(command: Command) -> None:
    result = command("validate", "-f", "-", stdin=GOOD.encode())
    assert result.code == 0
    assert result.out.endswith(f"valid: {len(DOCUMENTS)} objects, 1 warning\n")  # profiles cannot be written everywhere


@pytest.mark.parametrize(("number", "path"), PLACES, ids=[_name(*place) for place in PLACES])
def test_wrong_values(command: Command, number: int, path: tuple[str | int, ...]) -> None:
    """All wrong values of one place in one file: what is wrong with each of its documents is told at once."""
    spoilt = [replaced(DOCUMENTS[number], path, value) for value in WRONG_VALUES.values()]
    for index, document in enumerate(spoilt):
        metadata = document.get("metadata")
        if isinstance(metadata, dict) and path != ("metadata", "name"):
            metadata["name"] = f"{metadata.get('name')}{index}"
    command.examine(as_yaml([*spoilt, *DOCUMENTS[:2]]))


TEXT_PLACES = [(number, path) for number, path in PLACES if isinstance(found(DOCUMENTS[number], path), str)]


@pytest.mark.parametrize(("number", "path"), TEXT_PLACES, ids=[_name(*place) for place in TEXT_PLACES])
def test_text_that_draws(command: Command, number: int, path: tuple[str | int, ...]) -> None:
    """Behind a text and in its stead; also in objects that are only stored, hence not validated."""
    text = found(DOCUMENTS[number], path)
    assert isinstance(text, str)
    others = [document for index, document in enumerate(DOCUMENTS) if index != number]
    drawing = some_drawing(number, path)
    command.examine(as_yaml([replaced(DOCUMENTS[number], path, text + drawing), *others]))
    command.examine(as_yaml([replaced(DOCUMENTS[number], path, each) for each in DRAWING.values()]))


def some_drawing(number: int, path: tuple[str | int, ...]) -> str:
    """One of them, another in every place: all of them in all places takes minutes."""
    start = TEXT_PLACES.index((number, path)) if (number, path) in TEXT_PLACES else PLACES.index((number, path))
    return list(DRAWING.values())[start % len(DRAWING)]


MAPPING_PLACES = [(number, path) for number, path in PLACES if isinstance(found(DOCUMENTS[number], path), dict)]


@pytest.mark.parametrize(("number", "path"), MAPPING_PLACES, ids=[_name(*place) for place in MAPPING_PLACES])
def test_keys_that_draw(command: Command, number: int, path: tuple[str | int, ...]) -> None:
    mapping = found(DOCUMENTS[number], path)
    assert isinstance(mapping, dict)
    drawn = {f"{drawing}{index}": "x" for index, drawing in enumerate(DRAWING.values())}
    command.examine(as_yaml([replaced(DOCUMENTS[number], path, {**mapping, **drawn})]))
    drawing = some_drawing(number, path)
    command.examine(as_yaml([replaced(DOCUMENTS[number], path, {**mapping, drawing: drawing})]))


def test_everything_drawn_is_shown_in_the_reasons_too(command: Command) -> None:
    """Stored objects may have any name, and reasons name tiers, policies, endpoints and selectors."""
    for drawing in DRAWING.values():
        names = {"node": f"n{drawing}", "interfaceName": f"e{drawing}", "profiles": [f"p{drawing}"]}
        rules: dict[str, object] = {
            "ingress": [
                {"action": "Pass", "protocol": "UDP"},
                {"action": "Pass", "source": {"selector": f'!has(x) || l == "{drawing}"'}},
            ],
            "egress": [{"action": "Deny", "destination": {"nets": ["10.0.0.0/8"]}}],
            "types": ["Ingress", "Egress"],
        }
        documents = [
            _stored("HostEndpoint", f"h{drawing}", {"expectedIPs": ["192.0.2.1"], **names}, {"l": drawing}),
            _stored("GlobalNetworkPolicy", f"t{drawing}", {"tier": f"t{drawing}", "selector": "has(l)", **rules}),
        ]
        file = command.folder / "stored.yaml"
        file.write_bytes(as_yaml(documents))
        for node in (f"n{drawing}", f"hep/h{drawing}", "192.0.2.1"):
            for question in (
                (QUESTION[0], node, "tcp/80"),
                (node, "10.0.0.1", "tcp/80"),
                (node, QUESTION[0], "udp/80"),
            ):
                asked = command("check", "--stored", "-f", str(file), *question)
                in_json = command("check", "--stored", "-f", str(file), "-o", "json", "--trace", *question)
                assert in_json.code == asked.code


def _stored(
    kind: str, name: str, spec: Mapping[str, object], labels: Mapping[str, str] | None = None
) -> dict[str, object]:
    metadata = {"name": name, "labels": dict(labels or {})}
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": dict(spec)}
