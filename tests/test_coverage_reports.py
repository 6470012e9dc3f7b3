"""Coverage as text, JSON and lcov, and `calico-engine test --coverage`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from calico_engine import Cluster
from calico_engine.analysis.coverage import Coverage, Share
from calico_engine.reports.coverage import coverage_json, coverage_lines, percent_text
from calico_engine.reports.lcov import lcov_text
from engine_support.shell import Shell

MANIFESTS = """\
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h, labels: {role: web}}
spec: {node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: web
spec:
  order: 1
  selector: role == 'web'
  ingress:
  - action: Allow
    protocol: TCP
    source: {nets: [203.0.113.0/24]}
    destination:
      ports: [80, 8000:8010]
  - {action: Deny, protocol: UDP}
  - action: Log
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: lost}
spec:
  order: 2
  selector: role == 'wob'
  ingress: [{action: Allow}]
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: out}
spec: {order: 3, selector: all(), egress: [{action: Allow}], ingress: [{action: Pass}], types: [Egress]}
---
apiVersion: projectcalico.org/v3
kind: StagedGlobalNetworkPolicy
metadata: {name: later}
spec: {order: 4, selector: all(), ingress: [{action: Deny, protocol: TCP}]}
"""
ASKED = (("203.0.113.7", "tcp/80"), ("198.51.100.7", "tcp/80"), ("203.0.113.7", "udp/500"))
TEXT = """\
POLICY                            TIER      ENDPOINTS   RULES   CLAUSES   COVERED
GlobalNetworkPolicy web           default   1           3/3     6/10      71.4%
GlobalNetworkPolicy lost          default   0           0/1     0/0       0%
GlobalNetworkPolicy out           default   1           0/2     0/0       0%
StagedGlobalNetworkPolicy later   default   1           0/1     0/2       staged

not exercised (a clause lets through what its rule matches, and keeps out what but for it would match):
  web.yaml:9: GlobalNetworkPolicy web
      14  Ingress rule 0 Allow
      15    protocol TCP: kept nothing out
      18    destination.ports[0] 80: kept nothing out
      18    destination.ports[1] 8000:8010: let nothing through, kept nothing out
  web.yaml:24: GlobalNetworkPolicy lost: applies to no endpoint
  web.yaml:32: GlobalNetworkPolicy out: its types leave Ingress out, so its rules for that do nothing; \
no packet came to it (Egress)
      33  Egress rule 0 Allow: never tried

tier default: its end denied once, passed on 0 times
decided by: END_OF_TIER 1, RULE 2
coverage 50%: 10 of 20 items in 3 policies, 1 of which applies to no endpoint
"""
LCOV = """\
TN:
SF:web.yaml
FN:9,GlobalNetworkPolicy/web
FN:24,GlobalNetworkPolicy/lost
FN:32,GlobalNetworkPolicy/out
FNDA:3,GlobalNetworkPolicy/web
FNDA:0,GlobalNetworkPolicy/lost
FNDA:0,GlobalNetworkPolicy/out
FNF:3
FNH:1
BRDA:15,0,0,1
BRDA:15,0,1,0
BRDA:16,0,0,1
BRDA:16,0,1,1
BRDA:18,0,0,1
BRDA:18,0,1,0
BRDA:18,1,0,0
BRDA:18,1,1,0
BRDA:19,0,0,1
BRDA:19,0,1,1
BRF:10
BRH:6
DA:9,3
DA:14,1
DA:15,1
DA:16,2
DA:18,1
DA:19,2
DA:20,1
DA:24,0
DA:28,0
DA:32,0
DA:33,0
LF:11
LH:7
end_of_record
"""
HEAD = "apiVersion: calico-engine/v1\nkind: PolicyTest\nmanifests: [web.yaml]\n"
CASES = f"{HEAD}cases:\n" + "".join(
    f"- {{from: {source}, to: n1, service: {service}, expect: {expected}}}\n"
    for (source, service), expected in zip(ASKED, ("allow", "deny", "deny"), strict=True)
)
#: The same, and nothing of what the steps bring in counts for anything.
CHANGED = (
    CASES
    + """\
- given: [{apply: {apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: new}, spec:
    {order: 0, ingress: [{action: Deny, protocol: UDP, source: {nets: [198.51.100.0/24]}}]}}}]
  from: 203.0.113.7
  to: n1
  service: tcp/8005
  expect: allow
"""
)


def coverage() -> Coverage:
    cluster = Cluster.parse(MANIFESTS, source="web.yaml")
    collector = cluster.coverage_collector()
    for source, service in ASKED:
        collector.add(cluster.check(source, "n1", service))
    return collector.coverage()


def text_of(given: Coverage) -> str:
    return "".join(f"{line.text}\n" for line in coverage_lines(given))


def validator() -> Draft202012Validator:
    folder = resources.files("calico_engine") / "schemas"
    schemas = {name: json.loads((folder / f"{name}.schema.json").read_text()) for name in ("answer", "coverage")}
    registry: Registry[bool | Mapping[str, object]] = Registry().with_resources(
        [(each["$id"], Resource.from_contents(each)) for each in schemas.values()]
    )
    return Draft202012Validator(schemas["coverage"], registry=registry)


def test_text() -> None:
    assert text_of(coverage()) == TEXT


def test_lcov() -> None:
    assert lcov_text(coverage()) == LCOV


def test_json() -> None:
    report = json.loads(json.dumps(coverage_json(coverage())))
    validator().validate(report)
    assert (report["percent"], report["exercised"], report["items"]) == (50.0, 10, 20)
    web = report["policies"][0]
    assert web["endpoints"] == [{"kind": "HostEndpoint", "namespace": None, "name": "h"}]
    rule = web["directions"][0]["rules"][0]
    assert {key: rule[key] for key in ("index", "action", "line", "tried", "matched", "decided")} == {
        "index": 0,
        "action": "Allow",
        "line": 14,
        "tried": 3,
        "matched": 1,
        "decided": 1,
    }
    assert rule["clauses"][1] == {
        "path": "source.nets[0]",
        "text": "203.0.113.0/24",
        "line": 16,
        "matched": 1,
        "decisive": 1,
    }


HTTP = "http: {methods: [GET, PUT], paths: [{prefix: /shop}, {exact: /}]}"
WITH_HTTP = f"""\
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {{name: h}}
spec: {{node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1]}}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {{name: shop}}
spec:
  ingress:
  - action: Allow
    protocol: TCP
    {HTTP}
"""
WITH_HTTP_TEXT = """\
POLICY                     TIER      ENDPOINTS   RULES   CLAUSES                  COVERED
GlobalNetworkPolicy shop   default   1           1/1     2/2 and 1 not modelled   100%

not exercised (a clause lets through what its rule matches, and keeps out what but for it would match):
  shop.yaml:8: GlobalNetworkPolicy shop
      11  Ingress rule 0 Allow
      13    http GET, PUT /shop*, /: not modelled, for the iptables dataplane does not test it

tier default: its end denied once, passed on 0 times
decided by: END_OF_TIER 1, RULE 1
coverage 100%: 4 of 4 items in 1 policy; 1 clause is not modelled
"""


def coverage_of_all_packets(manifests: str) -> Coverage:
    cluster = Cluster.parse(manifests, source="shop.yaml")
    collector = cluster.coverage_collector()
    for service in ("tcp/80", "udp/80"):
        collector.add(cluster.check("203.0.113.7", "n1", service))
    return collector.coverage()


def test_what_no_packet_can_exercise_is_told_and_counts_for_nothing() -> None:
    """HTTP is tested by application layer policy alone; everything else that the rule says is covered here."""
    given = coverage_of_all_packets(WITH_HTTP)
    assert text_of(given) == WITH_HTTP_TEXT
    report = json.loads(json.dumps(coverage_json(given)))
    validator().validate(report)
    (rule,) = report["policies"][0]["directions"][0]["rules"]
    assert rule["notModelled"] == [{"path": "http", "text": "GET, PUT /shop*, /", "line": 13}]
    assert ([each["path"] for each in rule["clauses"]], report["notModelled"]) == (["protocol"], 1)
    assert not [line for line in lcov_text(given).splitlines() if line.startswith(("DA:13,", "BRDA:13,"))]


def test_http_that_wants_nothing_is_no_clause() -> None:
    given = coverage_of_all_packets(WITH_HTTP.replace(HTTP, "http: {}"))
    assert "not modelled" not in text_of(given)
    assert coverage_json(given)["notModelled"] == 0


def test_json_of_what_was_never_asked() -> None:
    for given in (Coverage(), Cluster.parse(MANIFESTS).coverage_collector().coverage()):
        validator().validate(json.loads(json.dumps(coverage_json(given))))
    assert "decided by: nothing" in text_of(Coverage())


def test_the_schema_can_say_no() -> None:
    report = json.loads(json.dumps(coverage_json(coverage())))
    for change in ({"percent": 101}, {"items": -1}, {"reasons": {"LUCK": 1}}, {"more": 1}, {"tiers": [{"name": "t"}]}):
        assert not validator().is_valid({**report, **change})


@pytest.mark.parametrize(
    ("share", "text"), [((1999, 2000), "99.9%"), ((1, 1), "100%"), ((0, 3), "0%"), ((0, 0), "100%")]
)
def test_percentages_are_rounded_down(share: tuple[int, int], text: str) -> None:
    assert percent_text(Share(*share)) == text


def test_names_that_would_break_a_line_do_not() -> None:
    name = json.dumps("p,\nDA:1,1\x1b[31m")
    text = MANIFESTS.replace("name: lost", f"name: {name}")
    given = Cluster.parse(text, source="a\nend_of_record", stored=True).coverage_collector().coverage()
    lines = lcov_text(given).splitlines()
    assert lines[1] == "SF:a\\nend_of_record"
    assert lines.count("end_of_record") == 1
    assert [line for line in lines if line.startswith("FN:")][
        1
    ] == r"FN:24,GlobalNetworkPolicy/p\x2c\nDA:1\x2c1\x1b[31m"
    assert all(line.isprintable() for line in text_of(given).splitlines())


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.file(MANIFESTS, "web.yaml")
    shell.file(CASES, "web.policytest.yaml")
    return shell


def test_the_command_tells_it_after_the_cases(shell: Shell) -> None:
    done = shell("test", "--coverage")
    cases, _, table = done.out.partition("3 passed: 3 questions in 1 file\n\n")
    assert (done.code, table, done.err) == (0, TEXT, "")
    assert cases == shell("test").out.partition("3 passed")[0]


@pytest.mark.parametrize("output", ["json", "tap", "github"])
def test_it_does_not_get_between_the_lines_of_other_formats(output: str, shell: Shell) -> None:
    done = shell("test", "--coverage", "-o", output)
    assert (done.code, done.out, done.err) == (0, shell("test", "-o", output).out, f"\n{TEXT}")


def test_it_is_written_to_files(shell: Shell) -> None:
    done = shell("test", "--coverage-output", "lcov=web.info", "--coverage-output", "json=web.json")
    assert (done.code, done.out) == (0, shell("test").out)
    assert (shell.folder / "web.info").read_text() == LCOV
    assert json.loads((shell.folder / "web.json").read_text()) == json.loads(json.dumps(coverage_json(coverage())))


@pytest.mark.parametrize(("least", "code"), [("0", 0), ("50", 0), ("50.1", 1), ("100", 1)])
def test_too_little_of_it_is_exit_code_1(least: str, code: int, shell: Shell) -> None:
    done = shell("test", "--fail-under", least)
    assert (done.code, done.out) == (code, shell("test").out)
    assert done.err == (f"coverage 50% is less than the {least}% of --fail-under\n" if code else "")


def test_enough_of_it_does_not_help_a_case_that_fails(shell: Shell) -> None:
    shell.file(CASES.replace("expect: allow", "expect: deny"), "web.policytest.yaml")
    assert shell("test", "--fail-under", "50").code == 1


def test_what_steps_change_counts_for_the_manifests(shell: Shell) -> None:
    """The range of ports is exercised where a step has brought in a policy; that policy is left out."""
    shell.file(CHANGED, "web.policytest.yaml")
    shell("test", "--coverage-output", "json=web.json")
    report = json.loads((shell.folder / "web.json").read_text())
    assert [policy["name"] for policy in report["policies"]] == ["web", "lost", "out", "later"]
    clauses = report["policies"][0]["directions"][0]["rules"][0]["clauses"]
    assert [(each["text"], each["matched"]) for each in clauses][2:] == [("80", 1), ("8000:8010", 1)]
    assert (report["exercised"], report["items"]) == (11, 20)


def test_manifests_of_several_files_are_told_together(shell: Shell) -> None:
    """Two files of cases about the same manifests add up; other manifests are policies of their own."""
    shell.file(CASES.replace("tcp/80,", "tcp/8001,"), "more.policytest.yaml")
    shell.file(MANIFESTS, "other.yaml")
    shell.file(CASES.replace("web.yaml", "other.yaml"), "other.policytest.yaml")
    shell("test", "--coverage-output", "json=web.json")
    report = json.loads((shell.folder / "web.json").read_text())
    files = [(policy["file"], policy["name"], policy["exercised"]) for policy in report["policies"]]
    assert files == [
        *(("other.yaml", "web", 10), ("other.yaml", "lost", 0), ("other.yaml", "out", 0), ("other.yaml", "later", 0)),
        *(("web.yaml", "web", 11), ("web.yaml", "lost", 0), ("web.yaml", "out", 0), ("web.yaml", "later", 0)),
    ]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--coverage-output", "html=x"], "--coverage-output is lcov=FILE or json=FILE, not 'html=x'"),
        (["--coverage-output", "lcov="], "--coverage-output is lcov=FILE or json=FILE, not 'lcov='"),
        (["--coverage-output", "lcov=no/x"], "no/x: No such file or directory"),
        (["--fail-under", "101"], "--fail-under"),
        (["--fail-under", "most"], "--fail-under"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_run(option: list[str], said: str, shell: Shell) -> None:
    done = shell("test", *option)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
