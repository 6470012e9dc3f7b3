"""A file of cases: `kind: PolicyTest`, a document of our own.

The structs are what the YAML says; what their parts mean together is checked when a file is read (`reading.py`).
"""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainValidator

from calico_engine.policytests.expectations import By, parse_by
from calico_engine.policytests.terms import Parties, Services, parse_parties, parse_services
from calico_engine.resources import POLICY_TEST
from calico_engine.resources.base import Bool, Items, JsonValue, TextMap, UInt16, api_struct

_Parties = Annotated[Parties, PlainValidator(parse_parties)]
_Services = Annotated[Services, PlainValidator(parse_services)]
Expected = Literal["allow", "deny", "no-policy", "uncertain"]


@api_struct
class Question:
    """Every source to every destination for every service; or one packet.

    `on` are the nodes that take the place of `to`, of `from`, or of the packet's `node`, whichever is not given.
    """

    from_: Annotated[_Parties, Field(alias="from")] = ()
    to: _Parties = ()
    on: _Parties = ()
    service: _Services = ()
    except_: Annotated[_Services, Field(alias="except")] = ()
    source_port: UInt16 | None = None
    packet: dict[str, JsonValue] | None = None


@api_struct
class ObjectName:
    kind: str = ""
    name: str = ""
    namespace: str | None = None


@api_struct
class PatchStep:
    kind: str = ""
    name: str = ""
    namespace: str | None = None
    patch: JsonValue = None


@api_struct
class LabelStep:
    """Labels set (`env=dev`) and removed (`env-`) on an object by `name`, or on those that `selector` selects."""

    kind: str = ""
    name: str = ""
    selector: str = ""
    namespace: str | None = None
    labels: Items[str] = ()
    overwrite: Bool = False


@api_struct
class Step:
    """One what-if step. `apply`: a file beside the test, an object, or a list of such."""

    apply: JsonValue = None
    delete: ObjectName | None = None
    patch: PatchStep | None = None
    label: LabelStep | None = None


@api_struct
class Case(Question):
    """One case. `never` and `always` are a question with the expectation that nothing, or everything, gets through."""

    name: str = ""
    expect: Expected | None = None
    never: Question | None = None
    always: Question | None = None
    by: Annotated[By | None, PlainValidator(parse_by)] = None
    given: Items[Step] = ()

    @property
    def question(self) -> Question:
        return self.never or self.always or self

    @property
    def wanted(self) -> str:
        """What the answer is to be: one of `Expected`."""
        if self.never is not None:
            return "deny"
        return "allow" if self.always is not None else self.expect or ""


@api_struct
class Metadata:
    name: str = ""
    labels: TextMap = field(default_factory=dict)
    annotations: TextMap = field(default_factory=dict)


@api_struct
class PolicyTest:
    """`manifests`: the files and folders under test, beside this file; `given` holds for every case."""

    KIND: ClassVar[str] = POLICY_TEST
    api_version: str = ""
    kind: str = ""
    metadata: Metadata = field(default_factory=Metadata)
    manifests: Items[str] = ()
    recursive: Bool = False
    given: Items[Step] = ()
    cases: Items[Case] = ()
