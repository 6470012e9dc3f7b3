"""The command line as its users meet it: what is printed where, and the exit codes.

Most of it runs in this process (`run` gives the exit code); what needs a terminal, a pipe or another encoding runs the
command itself.
"""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from calico_engine import Cluster, Packet
from engine_support.shell import Result, Shell
from engine_support.terminal import COMMAND, ENVIRONMENT, on_terminal

ROOT = Path(__file__).parents[1]
TUTORIAL = str(ROOT / "fixtures" / "tutorial")
MASTER = "ip-172-16-101-147.us-west-2.compute.internal"
WORKER = "ip-172-16-101-79.us-west-2.compute.internal"
STRANGER = "203.0.113.7"

HOST_ENDPOINT = """\
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h, labels: {role: web}}
spec: {node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1], profiles: [projectcalico-default-allow]}
"""
POLICY = """\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec:
  selector: role == 'web'
  ingress: [{action: Allow, protocol: TCP, destination: {ports: [80]}}]
"""
GOOD_QUERY = {
    "node": "n1",
    "inInterface": "eth0",
    "source": STRANGER,
    "destination": "192.0.2.1",
    "protocol": "TCP",
    "sourcePort": 40000,
    "destinationPort": 80,
}


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.fixture
def manifests(shell: Shell) -> str:
    return shell.file(f"{HOST_ENDPOINT}---\n{POLICY}")


# A question


def test_answer_comes_first_then_the_way_to_it(shell: Shell) -> None:
    result = shell("check", "-f", TUTORIAL, MASTER, WORKER, "tcp/10250")
    lines = result.out.splitlines()
    assert result.code == 0
    assert lines[0].startswith("ALLOW  default/ingress-k8s-workers rule 1  (")
    assert lines[0].endswith("policies.yaml:37)")
    assert "rule 1 of ingress-k8s-workers allows it" in lines[1]
    assert [line for line in lines if line.startswith("on ")] == [
        f"on {MASTER}: TCP 172.16.101.147 → 172.16.101.79:10250, goes out on eth0 → ALLOW",
        f"on {WORKER}: TCP 172.16.101.147 → 172.16.101.79:10250, comes in on eth0 → ALLOW",
    ]


@pytest.mark.parametrize(
    ("source", "destination", "service"),
    [
        (MASTER, WORKER, "tcp/10250"),
        (STRANGER, WORKER, "tcp/10250"),
        (STRANGER, WORKER, "ssh"),
        (WORKER, "127.0.0.1", "http"),
        (WORKER, MASTER, "etcd"),
    ],
)
def test_text_is_one_screen(shell: Shell, source: str, destination: str, service: str) -> None:
    lines = shell("check", "-f", TUTORIAL, source, destination, service).out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 160


def test_denied_is_exit_code_1(shell: Shell) -> None:
    result = shell("check", "-f", TUTORIAL, STRANGER, WORKER, "tcp/10250")
    assert result.code == 1
    assert result.out.startswith("DENY  default/ingress-k8s-workers end of tier")
    assert "✗ rule 1 Allow (line 37): source 203.0.113.7 is not in `has(node-role.kubernetes.io/master)`" in result.out


def test_uncertain_is_exit_code_3(shell: Shell) -> None:
    result = shell("check", "-f", TUTORIAL, STRANGER, MASTER, "tcp")
    assert result.code == 3
    assert result.out.splitlines()[:3] == [
        "UNCERTAIN  it depends on destinationPort",
        "  DENY       TCP 203.0.113.7:32768 → 172.16.101.147:1",
        "  ALLOW      TCP 203.0.113.7:32768 → 172.16.101.147:22",
    ]


def test_no_policy_is_the_host_s_own_answer(shell: Shell) -> None:
    host = "apiVersion: calico-engine/v1\nkind: Host\nmetadata: {name: n1}\nspec:\n"
    host += "  interfaces: [{name: eth0, addresses: [192.0.2.1/24]}]\n  chainPolicies: {INPUT: %s}\n"
    for policy, code, does in (("ACCEPT", 0, "accepts"), ("DROP", 1, "drops")):
        result = shell("check", "-f", shell.file(host % policy), STRANGER, "n1", "tcp/80")
        assert result.code == code
        assert f"NO_POLICY, the host's own INPUT chain {does} it" in result.out


def test_json_is_the_verdict(shell: Shell, manifests: str) -> None:
    result = shell("check", "-f", manifests, "-o", "json", STRANGER, "n1", "tcp/80")
    assert (result.code, result.err) == (0, "")
    assert result.json == Cluster.load(manifests).check(STRANGER, "n1", "tcp/80").to_json()
    assert "trace" not in result.json
    assert "trace" in shell("check", "-f", manifests, "-o", "json", "--trace", STRANGER, "n1", "tcp/80").json


def test_json_of_an_uncertain_answer(shell: Shell) -> None:
    result = shell("check", "-f", TUTORIAL, "-o", "json", STRANGER, MASTER, "tcp")
    assert result.code == 3
    assert (result.json["decision"], result.json["allowed"]) == ("UNCERTAIN", None)
    assert result.json["dependsOn"] == ["destinationPort"]


def test_source_port_settles_what_depends_on_it(shell: Shell) -> None:
    policy = POLICY.replace("destination: {ports: [80]}", 'source: {ports: ["1024:40000"]}')
    file = shell.file(f"{HOST_ENDPOINT}---\n{policy}")
    question = (STRANGER, "n1", "tcp/80")
    assert shell("check", "-f", file, *question).code == 3
    assert shell("check", "-f", file, "--source-port", "40000", *question).code == 0
    assert shell("check", "-f", file, *question, "--source-port", "40001").code == 1


# Where manifests come from


def test_files_repeat(shell: Shell) -> None:
    endpoint, policy = shell.file(HOST_ENDPOINT, "e.yaml"), shell.file(POLICY, "p.yaml")
    question = (STRANGER, "n1", "tcp/81")
    assert shell("check", "-f", endpoint, *question).code == 0
    assert shell("check", "-f", endpoint, "-f", policy, *question).code == 1


def test_folders_are_read_and_their_sub_folders_on_demand(shell: Shell) -> None:
    shell.file(HOST_ENDPOINT, "in/e.yaml")
    shell.file(POLICY, "in/deep/er/p.yml")
    shell.file("not a manifest", "in/README.txt")
    folder = str(shell.folder / "in")
    question = (STRANGER, "n1", "tcp/81")
    assert shell("check", "-f", folder, *question).code == 0
    assert shell("check", "-R", "-f", folder, *question).code == 1


def test_standard_input_is_a_file(shell: Shell) -> None:
    endpoint = shell.file(HOST_ENDPOINT)
    result = shell("check", "-f", endpoint, "-f", "-", STRANGER, "n1", "tcp/81", stdin=POLICY.encode())
    assert result.code == 1
    assert "(<stdin>:3)" in result.out


def test_one_file_by_two_names_is_read_once(shell: Shell, manifests: str) -> None:
    assert shell("check", "-f", manifests, "-f", str(shell.folder), STRANGER, "n1", "tcp/80").code == 0


def test_stored_objects_get_no_defaults(shell: Shell) -> None:
    """Felix reads a policy without types as one for both directions; the API makes it one for ingress."""
    file = shell.file(f"{HOST_ENDPOINT}---\n{POLICY}")
    question = ("n1", STRANGER, "tcp/80")
    assert shell("check", "-f", file, *question).code == 0
    assert shell("check", "--stored", "-f", file, *question).code == 1


# Warnings


def test_warnings_are_pointed_to_and_strict_makes_them_errors(shell: Shell) -> None:
    file = shell.file(HOST_ENDPOINT.replace("projectcalico-default-allow", "nowhere"))
    question = (STRANGER, "n1", "tcp/80")
    result = shell("check", "-f", file, *question)
    assert (result.code, result.err) == (1, "1 warning about the manifests: see calico-engine validate\n")
    assert "profile nowhere does not exist: it denies" in result.out
    strict = shell("check", "--strict", "-f", file, *question)
    assert (strict.code, strict.out) == (2, "")
    assert "m.yaml:4:76: HostEndpoint/h spec.profiles[0]:" in strict.err
    assert shell("validate", "--strict", "-f", file).code == 1
    assert shell("validate", "-f", file).code == 0


def test_json_answers_have_no_words_beside_them(shell: Shell) -> None:
    file = shell.file(HOST_ENDPOINT.replace("projectcalico-default-allow", "nowhere"))
    assert shell("check", "-f", file, "-o", "json", STRANGER, "n1", "tcp/80").err == ""


def test_missing_tier_is_said_with_the_answer(shell: Shell) -> None:
    policy = POLICY.replace("name: p", "name: security.p").replace("spec:\n", "spec:\n  tier: security\n")
    file = shell.file(f"{HOST_ENDPOINT}---\n{policy}")
    result = shell("check", "-f", file, STRANGER, "n1", "tcp/81")
    assert result.code == 1
    assert "tier security, which does not exist" in result.out
    assert "  - tier security does not exist: it comes last, and its end denies" in result.out
    warning = shell("validate", "-f", file)
    assert warning.code == 0
    assert "m.yaml:10:9: GlobalNetworkPolicy/security.p spec.tier:" in warning.out


# Bad input: exit 2, nothing on standard output

TYPOS = {
    "selector": (
        POLICY.replace("role == 'web'", "role = 'web'"),
        "m.yaml:5:13: GlobalNetworkPolicy/p spec.selector:",
        "==",
    ),
    "field": (POLICY.replace("ingress:", "ingres:"), "m.yaml:6:3: GlobalNetworkPolicy/p spec.ingres:", "ingress"),
    "kind": (POLICY.replace("GlobalNetworkPolicy", "GlobalNetworkPolcy"), "m.yaml:2:7:", "GlobalNetworkPolicy"),
    "action": (POLICY.replace("Allow", "Alow"), "m.yaml:6:22: GlobalNetworkPolicy/p spec.ingress[0].action:", "Allow"),
    "port": (POLICY.replace("ports: [80]", "port: 80"), "spec.ingress[0].destination.port:", "ports"),
    "indentation": (POLICY.replace("  ingress", "   ingress"), "m.yaml:6:", ""),
    "duplicate": (f"{POLICY}---\n{POLICY}", "GlobalNetworkPolicy p is given more than once", "m.yaml:2"),
}


@pytest.mark.parametrize("what", TYPOS)
def test_a_typo_is_shown_with_its_place_and_what_would_be_right(shell: Shell, what: str) -> None:
    text, place, right = TYPOS[what]
    result = shell("check", "-f", shell.file(text), STRANGER, "n1", "tcp/80")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert place in result.err
    assert right in result.err


def test_all_errors_of_all_files_are_told_at_once_in_order(shell: Shell) -> None:
    first = shell.file(f"{POLICY.replace('Allow', 'Alow')}---\n{HOST_ENDPOINT.replace('node:', 'nod:')}", "a.yaml")
    second = shell.file("[", "b.yaml")
    result = shell("check", "-f", second, "-f", "/no/such/file", "-f", first, STRANGER, "n1", "tcp/80")
    assert (result.code, result.out) == (2, "")
    places = [line.split(" ")[1].split(":")[0] for line in result.err.splitlines()]
    assert places == sorted(places)
    assert set(places) == {first, second, "/no/such/file"}


UNKNOWN = {
    "node": ([STRANGER, "n2", "tcp/80"], "did you mean n1?"),
    "host endpoint": ([STRANGER, "hep/hh", "tcp/80"], "did you mean hep/h?"),
    "nobody of the cluster": ([STRANGER, "198.51.100.1", "tcp/80"], "no node is asked"),
    "service": ([STRANGER, "n1", "shh"], "did you mean ssh?"),
    "protocol": ([STRANGER, "n1", "tpc/80"], "Write tcp/PORT"),
    "port": ([STRANGER, "n1", "tcp/http"], "'http' is not a number from 0 to 65535"),
    "family": (["2001:db8::1", "n1", "tcp/80"], "share no IP version"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_questions_that_cannot_be_understood(shell: Shell, manifests: str, what: str) -> None:
    question, hint = UNKNOWN[what]
    result = shell("check", "-f", manifests, *question)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert len(result.err.splitlines()) == 1
    assert hint in result.err


def test_the_version_and_the_release_that_is_modelled(shell: Shell) -> None:
    result = shell("--version")
    assert (result.code, result.err) == (0, "")
    assert result.out == f"calico-engine {version('calico-engine')}, for Calico v3.32.1\n"


def test_ambiguous_name_lists_both(shell: Shell) -> None:
    pod = "apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: {name: n1-k8s-h-eth0, namespace: hep}\n"
    pod += "spec: {node: n1, orchestrator: k8s, pod: h, endpoint: eth0, interfaceName: cali1, ipNetworks: [10.0.0.1]}\n"
    result = shell("check", "-f", shell.file(f"{HOST_ENDPOINT}---\n{pod}"), STRANGER, "hep/h", "tcp/80")
    assert (result.code, result.out) == (2, "")
    assert "the host endpoint h and the pod hep/h" in result.err


def test_what_is_not_modelled_is_said(shell: Shell) -> None:
    felix = "apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: default}\n"
    felix += "spec: {bpfEnabled: true}\n"
    result = shell("check", "-f", shell.file(f"{HOST_ENDPOINT}---\n{felix}"), STRANGER, "n1", "tcp/80")
    assert (result.code, result.out) == (2, "")
    assert "eBPF" in result.err


# Wrong usage: exit 2, one line on standard error

WRONG_USAGE = {
    "no command": ([], "Missing command"),
    "unknown command": (["chek"], "Did you mean 'check'?"),
    "no file": (["check", "a", "b", "c"], "'-f' / '--filename'"),
    "no file to validate": (["validate"], "'-f' / '--filename'"),
    "no question": (["check", "-f", "-"], "check needs SOURCE DESTINATION SERVICE, or --queries FILE"),
    "half a question": (["check", "-f", "-", "a", "b"], "check needs SOURCE DESTINATION SERVICE"),
    "too much": (["check", "-f", "-", "a", "b", "c", "d"], "check needs SOURCE DESTINATION SERVICE"),
    "unknown option": (["check", "-f", "-", "--nosuch", "a", "b", "c"], "--nosuch"),
    "unknown format": (["check", "-f", "-", "-o", "xml", "a", "b", "c"], "'xml' is not one of"),
    "format without value": (["check", "-f", "-", "a", "b", "c", "-o"], "-o"),
    "port that is none": (["check", "-f", "-", "--source-port", "x", "a", "b", "c"], "--source-port"),
    "both forms": (
        ["check", "-f", "-", "--queries", "q", "a", "b", "c"],
        "either SOURCE DESTINATION SERVICE or --queries",
    ),
    "port of queries": (["check", "-f", "-", "--queries", "q", "--source-port", "1"], "a query holds its ports itself"),
    "one input for two": (
        ["check", "-f", "-", "--queries", "-"],
        "standard input can hold the manifests or the queries",
    ),
    "question to validate": (["validate", "-f", "-", "a"], "a"),
}


@pytest.mark.parametrize("what", WRONG_USAGE)
def test_wrong_usage(shell: Shell, what: str) -> None:
    arguments, hint = WRONG_USAGE[what]
    result = shell(*arguments)
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert result.err.startswith("error: ")
    assert hint in result.err


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["check", "-h"], ["validate", "--help"]])
def test_help_is_no_error(shell: Shell, arguments: list[str]) -> None:
    result = shell(*arguments)
    assert (result.code, result.err) == (0, "")
    assert "Usage" in result.out


# Queries


def test_queries_are_answered_line_by_line_in_order(shell: Shell, manifests: str) -> None:
    ports = [80, 81, 22, 80]
    queries = "".join(json.dumps({**GOOD_QUERY, "destinationPort": port}) + "\n" for port in ports)
    result = shell("check", "-f", manifests, "--queries", shell.file(queries, "q.jsonl"))
    assert (result.code, result.err) == (0, "")
    cluster = Cluster.load(manifests)
    expected = [cluster.verdict(Packet.parse({**GOOD_QUERY, "destinationPort": port})).to_json() for port in ports]
    assert [json.loads(line) for line in result.out.splitlines()] == expected
    assert [answer["decision"] for answer in expected] == ["ALLOW", "DENY", "ALLOW", "ALLOW"]


def test_denied_and_uncertain_queries_are_answered(shell: Shell, manifests: str) -> None:
    open_query = {key: value for key, value in GOOD_QUERY.items() if key != "destinationPort"}
    result = shell("check", "-f", manifests, "--queries", "-", stdin=json.dumps(open_query).encode())
    assert result.code == 0
    assert result.json["decision"] == "UNCERTAIN"


def test_trace_of_queries(shell: Shell, manifests: str) -> None:
    stdin = json.dumps(GOOD_QUERY).encode()
    assert "trace" in shell("check", "-f", manifests, "--trace", "--queries", "-", stdin=stdin).json


BAD_LINES = {
    b"not json": "not JSON",
    b"[1]": "a query is a JSON object",
    b'{"node": "n1"}': "source: is required",
    b'{"node": "n1", "colour": 1}': "colour: is not a key of a packet",
    b'{"node": "n1", "node": "n2"}': "node: the key is given twice",
    b"\xff\xfe": "not UTF-8: byte 0xff",
    b'{"node": "n9", "inInterface": "eth0", "source": "1.1.1.1", "destination": "2.2.2.2", "protocol": 253}': "'n9'",
    b'{"node": NaN}': "not JSON: NaN is no number",
    b'{"node": "n1", "sourcePort": 1%s}' % (b"0" * 5000): "too large a number",
    b"[" * 60_000: "nested too deeply",
    b'{"node": "%s"}' % (b"x" * 70_000): "a query has at most 65536 bytes",
}


@pytest.mark.parametrize("line", BAD_LINES, ids=list(BAD_LINES.values()))
def test_a_bad_line_is_answered_in_its_place(shell: Shell, manifests: str, line: bytes) -> None:
    good = json.dumps(GOOD_QUERY).encode()
    result = shell("check", "-f", manifests, "--queries", "-", stdin=b"\n".join([good, line, b"", good]))
    answers = [json.loads(each) for each in result.out.splitlines()]
    assert (result.code, result.err) == (2, "")
    assert [set(answer) == {"error"} for answer in answers] == [False, True, False]
    assert BAD_LINES[line] in answers[1]["error"]


def test_no_queries_are_no_error(shell: Shell, manifests: str) -> None:
    assert shell("check", "-f", manifests, "--queries", "-") == Result(0, "", "")


def test_queries_that_cannot_be_read(shell: Shell, manifests: str) -> None:
    for name in ("/no/such/file", str(shell.folder), "a\0b"):
        result = shell("check", "-f", manifests, "--queries", name)
        assert (result.code, result.out) == (2, "")
        assert "not readable" in result.err


def test_queries_with_byte_order_marks_and_windows_line_ends(shell: Shell, manifests: str) -> None:
    line = json.dumps(GOOD_QUERY).encode()
    result = shell(
        "check", "-f", manifests, "--queries", "-", stdin=b"\xef\xbb\xbf" + line + b"\r\n\r\n" + line + b"\r\n"
    )
    assert (result.code, len(result.out.splitlines())) == (0, 2)


# Validate


def test_validate_says_that_all_is_well(shell: Shell, manifests: str) -> None:
    assert shell("validate", "-f", manifests) == Result(0, "valid: 2 objects, 0 warnings\n", "")
    assert shell("validate", "-f", manifests, "-o", "json").json == {"valid": True, "errors": [], "warnings": []}


def test_validate_reports_findings_on_standard_output(shell: Shell) -> None:
    file = shell.file(f"{POLICY.replace('Allow', 'Alow')}---\n{HOST_ENDPOINT.replace('default-allow', 'default-alow')}")
    result = shell("validate", "-f", file)
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "warning", "not valid"]
    assert lines[-1] == "not valid: 1 error, 1 warning"
    report = shell("validate", "-f", file, "-o", "json")
    assert (report.code, report.err, report.json["valid"]) == (1, "", False)
    errors = report.json["errors"]
    assert isinstance(errors, list)
    assert [(e["file"], e["document"], e["line"], e["column"], e["kind"], e["name"], e["path"]) for e in errors] == [
        (file, 1, 6, 22, "GlobalNetworkPolicy", "p", "spec.ingress[0].action")
    ]


def test_unreadable_input_is_told_on_standard_error_with_all_else(shell: Shell, manifests: str) -> None:
    binary = shell.folder / "b.yaml"
    binary.write_bytes(b"\0\1\2")
    wrong = shell.file(POLICY.replace("Allow", "Alow"), "w.yaml")
    for output in ("text", "json"):
        result = shell("validate", "-o", output, "-f", manifests, "-f", str(binary), "-f", wrong, "-f", "/no/such/file")
        assert (result.code, result.out) == (2, "")
        assert [line.split(" ")[1].split(":")[0] for line in result.err.splitlines()] == [
            "/no/such/file",
            str(binary),
            wrong,
        ]


def test_validate_takes_standard_input(shell: Shell) -> None:
    assert shell("validate", "-f", "-", stdin=POLICY.encode()).code == 0
    assert "<stdin>:6:22" in shell("validate", "-f", "-", stdin=POLICY.replace("Allow", "x").encode()).out


# Terminals, pipes and encodings


def spawned(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments], env={**ENVIRONMENT, **environment}, capture_output=True, timeout=60, check=False
    )


def test_the_command_itself() -> None:
    result = spawned(["check", "-f", TUTORIAL, STRANGER, WORKER, "tcp/10250"])
    assert result.returncode == 1
    assert result.stdout.startswith(b"DENY  ")
    assert b"\x1b" not in result.stdout + result.stderr


def test_colour_on_a_terminal_only_and_not_against_the_user_s_wish() -> None:
    question = ["check", "-f", TUTORIAL, STRANGER, WORKER, "tcp/10250"]
    coloured = on_terminal(question, NO_COLOR="")
    assert coloured.startswith(b"\x1b[31mDENY")
    assert b"\x1b" not in on_terminal(question, NO_COLOR="1")


def test_errors_are_red_on_a_terminal() -> None:
    assert on_terminal(["validate", "-f", "/no/such/file"], NO_COLOR="").startswith(b"\x1b[31merror: /no/such/file")


def test_an_encoding_without_the_marks_is_no_error() -> None:
    result = spawned(["check", "-f", TUTORIAL, MASTER, WORKER, "tcp/10250"], PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert rb"\u2713 rule 1 Allow" in result.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`calico-engine check … | head -1`: no traceback, and the exit code still is the answer's."""
    for unbuffered in ("", "1"):
        read, write = os.pipe()
        os.close(read)
        with subprocess.Popen(
            [*COMMAND, "check", "-f", TUTORIAL, STRANGER, WORKER, "tcp/10250"],
            env={**ENVIRONMENT, "PYTHONUNBUFFERED": unbuffered},
            stdout=write,
            stderr=subprocess.PIPE,
        ) as process:
            os.close(write)
            assert process.stderr is not None
            assert process.stderr.read() == b"1 warning about the manifests: see calico-engine validate\n"
        assert process.returncode == 1


def test_queries_stop_when_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(HOST_ENDPOINT)
    (tmp_path / "q.jsonl").write_text((json.dumps(GOOD_QUERY) + "\n") * 3000)
    read, write = os.pipe()
    with subprocess.Popen(
        [*COMMAND, "check", "-f", str(tmp_path / "m.yaml"), "--queries", str(tmp_path / "q.jsonl")],
        env=ENVIRONMENT,
        stdout=write,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(write)
        assert os.read(read, 10) == b'{"decision'
        os.close(read)
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 2


def test_an_answer_that_cannot_be_written_is_an_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here, on which every write fails")
    for unbuffered in ("", "1"):
        with full.open("wb") as stream:
            result = subprocess.run(
                [*COMMAND, "validate", "-f", TUTORIAL],
                env={**ENVIRONMENT, "PYTHONUNBUFFERED": unbuffered},
                stdout=stream,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
        assert (result.returncode, result.stderr) == (
            2,
            b"error: the answer could not be written: No space left on device\n",
        )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(closed: str) -> None:
    command = ["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, "check", "-f", TUTORIAL, STRANGER, WORKER, "tcp/10250"]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, timeout=60, check=False)
    assert result.returncode == 1
    assert b"Traceback" not in result.stderr
