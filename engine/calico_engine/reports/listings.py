"""Objects as YAML, as JSON and by name: what `get -o yaml|json|name` prints, fit to be read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import yaml

try:
    from yaml import CSafeDumper as _FastDumper
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeDumper as _FastDumper  # type: ignore[assignment]

from calico_engine.errors import printable
from calico_engine.manifests.yaml_scalars import UnreadableScalar, resolve_plain

Json = Mapping[str, object]

_LONGEST_NAME = 1_000


class _Plain:
    """Writes everything out, and no references to what was written before."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class _Dumper(_Plain, _FastDumper):
    pass


class _PatientDumper(_Plain, yaml.SafeDumper):
    """Also takes halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""


def _text_node(dumper: yaml.representer.BaseRepresenter, text: str) -> yaml.ScalarNode:
    """Quotes a text that calicoctl would otherwise read as something else; PyYAML knows its own YAML only."""
    style = "'" if _is_ambiguous(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_ambiguous(text: str) -> bool:
    try:
        return resolve_plain(text) != text
    except UnreadableScalar:
        return True


for _dumper in (_Dumper, _PatientDumper):
    _dumper.add_representer(str, _text_node)


def as_yaml(value: object) -> str:
    """YAML with sorted keys, in ASCII alone: whatever a text holds, nothing of it reaches a terminal as it is."""
    try:
        return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, width=1_000_000)
    except UnicodeEncodeError:
        return yaml.dump(value, Dumper=_PatientDumper, default_flow_style=False, width=1_000_000)


def as_json(value: object) -> str:
    return json.dumps(value, indent=2)


def as_list(kind: str, api_version: str, objects: Sequence[Json]) -> Json:
    """A list kind of Calico's API, such as TierList."""
    return {"apiVersion": api_version, "items": list(objects), "kind": f"{kind}List", "metadata": {}}


def names_of(objects: Iterable[Json]) -> Iterable[str]:
    """As kubectl names objects: `hostendpoint.projectcalico.org/n1-auto-hep`."""
    for obj in objects:
        metadata = obj["metadata"]
        assert isinstance(metadata, Mapping)
        group = str(obj["apiVersion"]).partition("/")[0]
        yield f"{str(obj['kind']).lower()}.{group}/{printable(str(metadata['name']), _LONGEST_NAME)}"
