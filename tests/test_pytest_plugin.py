"""The plugin of pytest, in projects of its own: each is run by a pytest in a process of its own."""

from __future__ import annotations

import os
import shutil
import tomllib
from itertools import dropwhile, islice, takewhile
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures" / "policytest-reports"
#: The plugin as users have it, from the sources here, whatever is installed.
ENABLED = ("-p", "no:calico_engine", "-p", "calico_engine.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:cov")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project in which every warning is an error."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "engine"), str(ROOT / "selectors")]))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    shutil.copy(FIXTURES / "web.yaml", pytester.path)
    pytester.makepyprojecttoml(
        '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\naddopts = "--strict-markers --strict-config"\n'
    )
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess(*ENABLED, *arguments)


def cases(project: pytest.Pytester, name: str = "b.policytest.yaml") -> Path:
    return Path(shutil.copy(FIXTURES / name, project.path))


def test_the_package_declares_it() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert declared == {"calico_engine": "calico_engine.pytest_plugin"}


# What it costs those who have no use for it

HEAVY = (
    "calico_engine.cluster",
    "calico_engine.errors",
    "calico_selectors",
    "pydantic",
    "lark",
    "yaml",
    "typer",
    "hypothesis",
)
SHOW = f"""
import sys
def pytest_unconfigure():
    print("loaded:", *sorted(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
    print("plugin:", "calico_engine.pytest_plugin" in sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("options", [[], ["--markers"]])
def test_nothing_is_imported_until_it_is_used(options: list[str], project: pytest.Pytester) -> None:
    project.makeconftest(SHOW)
    project.makepyfile("def test_a():\n    assert [] == []\n")
    assert loaded(project, *options) == set()


def test_what_is_used_is_seen_to_be_imported_and_no_more(project: pytest.Pytester) -> None:
    project.makeconftest(SHOW)
    cases(project, "a.policytest.yaml")
    assert loaded(project) >= {"calico_engine.cluster", "pydantic", "yaml"}
    assert loaded(project).isdisjoint({"typer", "hypothesis"})


def loaded(project: pytest.Pytester, *options: str) -> set[str]:
    """Which of the heavy modules were imported; the plugin of Hypothesis, which imports that, is left out."""
    done = run(project, "-p", "no:hypothesispytest", *options)
    told = dict(line.split(":") for line in done.errlines if line.startswith(("loaded", "plugin")))
    assert told["plugin"] == " True"
    return set(told["loaded"].split())


# Files of cases


def test_each_case_is_a_test_with_a_place_and_tells_why_it_failed(project: pytest.Pytester) -> None:
    project.makeconftest(
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        path, line, name = item.reportinfo()\n"
        "        print('at', path.name, line + 1, name)\n"
    )
    cases(project, "a.policytest.yaml")
    cases(project)
    done = run(project, "-v")
    done.assert_outcomes(passed=2, failed=4)
    done.stdout.fnmatch_lines(
        [
            "at b.policytest.yaml 7 customers of the other half",
            "a.policytest.yaml::customers reach the web PASSED*",
            "a.policytest.yaml::case 2 (line 10) PASSED*",
            "b.policytest.yaml::nobody else does * FAILED*",
            "b.policytest.yaml::customers of the other half FAILED*",
            "b.policytest.yaml::a node that is not there FAILED*",
            "b.policytest.yaml::who decides FAILED*",
            "b.policytest.yaml:7: expected allow, got DENY by default/web end of tier*",
            "b.policytest.yaml:12: 'w3' is no address, node, *",
            "FAILED b.policytest.yaml::customers of the other half - *",
        ]
    )
    assert details("other half") in done.stdout.str()
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*.py:*")


def details(case: str) -> str:
    """What the command shows under a case, but for the first line."""
    lines = iter((FIXTURES / "expected" / "text").read_text().splitlines())
    shown = dropwhile(lambda line: case not in line, lines)
    below = takewhile(lambda line: not line.strip() or line.startswith("      "), islice(shown, 2, None))
    return "\n".join(line.removeprefix("      ") for line in below)


def test_a_case_can_be_named(project: pytest.Pytester) -> None:
    cases(project)
    run(project, "b.policytest.yaml::who decides").assert_outcomes(failed=1)


def test_files_that_are_cases_and_names_that_are_taken(project: pytest.Pytester) -> None:
    """The same name in two documents of a file is two tests."""
    text = (FIXTURES / "a.policytest.yaml").read_text().replace("web.yaml", str(project.path / "web.yaml"))
    for name in ("x.policytest.yml", "deep/x.policytest.yaml", "x.yaml"):
        (project.path / name).parent.mkdir(exist_ok=True)
        (project.path / name).write_text(text)
    (project.path / "two.policytest.yaml").write_text(f"{text}---\n{text}")
    done = run(project, "-v")
    done.assert_outcomes(passed=8)
    done.stdout.fnmatch_lines(
        ["two.policytest.yaml::customers reach the web PASSED*", "two.*::customers reach the web (line 20) PASSED*"]
    )


def test_a_name_cannot_harm(project: pytest.Pytester) -> None:
    text = (FIXTURES / "a.policytest.yaml").read_text()
    (project.path / "a.policytest.yaml").write_text(text.replace("customers reach the web", r'"\e[31m::[x]\0\n"'))
    done = run(project, "-v", "-n", "1")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines([r"*PASSED a.policytest.yaml::\x1b(31m:(x)\x00\n "])


def test_a_bad_file_is_an_error_with_all_that_is_wrong(project: pytest.Pytester) -> None:
    file = cases(project)
    file.write_text(file.read_text().replace("expect: allow", "expect: maybe"))
    done = run(project)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["b.policytest.yaml:11:*", "b.policytest.yaml:21:*"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_bad_manifests_are_an_error_of_the_tests(project: pytest.Pytester) -> None:
    """The first errors are told, and the others counted: each test tells them again."""
    cases(project, "a.policytest.yaml")
    (project.path / "web.yaml").write_text("---\n".join(["{kind: Tier, apiVersion: projectcalico.org/v3}\n"] * 100))
    done = run(project, "-rN")  # without the summary, which may say them again
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(
        ["web.yaml:39:1: Tier metadata.name: *", "… and 80 more errors: see calico-engine validate"]
    )
    assert sum(line.startswith("web.yaml:") for line in done.outlines) == 40
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*.py:*")


def test_cases_without_manifests_are_about_those_of_the_setting(project: pytest.Pytester) -> None:
    file = cases(project, "a.policytest.yaml")
    file.write_text(file.read_text().replace("manifests: [web.yaml]\n", ""))
    run(project).assert_outcomes(errors=2)
    run(project, "-o", "calico_manifests=web.yaml").assert_outcomes(passed=2)


# The fixture


def test_the_marker_names_manifests_beside_the_file_or_in_the_root_folder(project: pytest.Pytester) -> None:
    (project.path / "tests").mkdir()
    shutil.copy(FIXTURES / "web.yaml", project.path / "tests" / "beside.yaml")
    (project.path / "tests" / "test_it.py").write_text(
        "import pytest\n"
        "pytestmark = pytest.mark.calico_manifests('beside.yaml')\n"
        "def test_beside(calico_cluster):\n"
        "    assert calico_cluster.check('198.51.100.7', 'w1', 'http')\n"
        "@pytest.mark.calico_manifests('web.yaml')\n"
        "def test_root(calico_cluster):\n"
        "    assert calico_cluster.check('198.51.100.7', 'w1', 'http').decided_by.file == 'web.yaml'\n"
        "def test_place(calico_cluster):\n"
        "    assert calico_cluster.check('198.51.100.7', 'w1', 'http').decided_by.file == 'tests/beside.yaml'\n"
    )
    run(project).assert_outcomes(passed=3)


def test_the_setting_holds_where_there_is_no_marker(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(calico_cluster):\n    assert calico_cluster.check('198.51.100.7', 'w1', 'http')\n")
    run(project, "-o", "calico_manifests=web.yaml").assert_outcomes(passed=1)
    done = run(project)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*no manifests; mark the test with @pytest.mark.calico_manifests(PATH, …), or set *"])


def test_a_cluster_is_loaded_once(project: pytest.Pytester) -> None:
    """By markers that name it differently, by cases, by fixtures that live longer, and by tests of Hypothesis."""
    cases(project, "a.policytest.yaml")
    project.makeconftest(
        "from calico_engine.cluster import Cluster\n"
        "load, loads = Cluster.load, []\n"
        "Cluster.load = lambda *paths, **options: loads.append(paths) or load(*paths, **options)\n"
        "def pytest_unconfigure():\n"
        "    print('loads:', len(loads))\n"
    )
    project.makepyfile(
        "import pytest\n"
        "from hypothesis import given, strategies as st\n"
        "@pytest.fixture(scope='module')\n"
        "def longer(calico_cluster):\n"
        "    return calico_cluster\n"
        "@pytest.mark.calico_manifests('web.yaml')\n"
        "def test_a(longer):\n"
        "    assert longer.check('198.51.100.7', 'w1', 'http')\n"
        "@pytest.mark.calico_manifests('./web.yaml')\n"
        "@given(st.integers(8000, 8010))\n"
        "def test_b(calico_cluster, port):\n"
        "    assert calico_cluster.check('198.51.100.7', 'w1', f'tcp/{port}')\n"
        "@pytest.mark.calico_manifests('nothing.yaml')\n"
        "def test_c():\n"
        "    pass\n"
    )
    done = run(project, "-v", "-s")
    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines(["*::test_a *", "*::test_b *"])  # and no parameter in their names
    done.stdout.fnmatch_lines(["loads: 1"])


def test_a_wrong_marker_is_an_error_and_so_are_wrong_manifests(project: pytest.Pytester) -> None:
    wrong = ("", "7", "'web.yaml', recursion=True", "'web.yaml', recursive=7")
    for number, arguments in enumerate([*wrong, "'nowhere.yaml'"]):
        project.makepyfile(
            **{
                f"test_{number}": f"import pytest\npytestmark = pytest.mark.calico_manifests({arguments})\n"
                "def test_it(calico_cluster):\n    pass\n"
            }
        )
    done = run(project, "--continue-on-collection-errors")
    done.assert_outcomes(errors=5)
    text = "calico_manifests needs paths, and takes recursive=True beside them"
    assert sum(line.endswith(text) for line in done.outlines) == len(wrong)
    done.stdout.fnmatch_lines(["*nowhere.yaml: no such file or folder*"])
    done.stdout.no_fnmatch_line("*Traceback*")


# Failed assertions

ASSERTIONS = {
    "assert cluster.check('203.0.113.7', 'w1', 'http')": "DENY by default/web end of tier",
    "assert not cluster.check('203.0.113.7', 'w1', 'ssh')": "ALLOW by failsafe tcp/22",
    "assert cluster.check('203.0.113.7', 'w1', 'http').allowed": "DENY by default/web end of tier",
    "assert not verdict": "ALLOW by default/web rule 0",
    "assert verdict.decision == 'DENY'": "ALLOW by default/web rule 0",
    "assert verdict.decided_by.rule == 7, 'wrong rule'": "ALLOW by default/web rule 0",
    "assert [verdict.allowed, True] == [False, True]": "ALLOW by default/web rule 0",
    "assert verdict and cluster.check('203.0.113.7', 'w1', 'http')": "DENY by default/web end of tier",
    "assert cluster.check('203.0.113.7', 'w1', 'tcp')": "UNCERTAIN, depends on destinationPort",
    "assert {'a': other}['a'].allowed": "DENY by default/web end of tier",
    "helper(other)": "DENY by default/web end of tier",
    "raise ExceptionGroup('two', [made(verdict), made(other)])": "DENY by default/web end of tier",
}
PREAMBLE = """
import pytest
def helper(given):
    assert given
def made(given):
    try:
        assert given.decision == 'NO_POLICY'
    except AssertionError as error:
        return error
@pytest.mark.calico_manifests('web.yaml')
def test_it(calico_cluster):
    cluster = calico_cluster
    verdict = cluster.check('198.51.100.7', 'w1', 'http')
    other = cluster.check('198.51.100.200', 'w1', 'http')
"""


@pytest.mark.parametrize("options", [[], ["-n", "1"], ["--tb=native", "--show-capture=no"]], ids=str)
def test_a_failed_assertion_explains_its_verdict(options: list[str], project: pytest.Pytester) -> None:
    tests = [PREAMBLE.replace("test_it", f"test_{number}") + f"    {line}\n" for number, line in enumerate(ASSERTIONS)]
    project.makepyfile("\n".join(tests))
    done = run(project, *options)
    done.assert_outcomes(failed=len(ASSERTIONS))
    reports = done.stdout.str().split("__ test_")[1:]
    numbered = {int(report.partition(" ")[0]): report for report in reports}
    for number, (line, verdict) in enumerate(ASSERTIONS.items()):
        assert f"--- <Verdict {verdict}> ---" in numbered[number], line
        assert "    host endpoint w1-eth0, ingress normal policy" in numbered[number], line


@pytest.mark.parametrize(
    "line",
    [
        "assert 1 == 2",
        "assert other.decision == 'ALLOW' or True; raise ValueError('verdict')",
        "pytest.xfail('not today')",
        "assert verdict",
    ],
)
def test_other_failures_are_as_ever(line: str, project: pytest.Pytester) -> None:
    project.makepyfile(PREAMBLE + f"    {line}\n")
    run(project).stdout.no_fnmatch_line("*- <Verdict *")


def test_only_what_the_statement_is_about_is_explained(project: pytest.Pytester) -> None:
    project.makepyfile(PREAMBLE + "    assert other\n")
    done = run(project)
    assert [line.strip("- ") for line in done.outlines if line.startswith("---")] == [
        "<Verdict DENY by default/web end of tier>"
    ]


def test_a_failing_property_explains_what_it_was_shrunk_to(project: pytest.Pytester) -> None:
    project.makepyfile(
        "import pytest\n"
        "from hypothesis import given, strategies as st\n"
        "@pytest.mark.calico_manifests('web.yaml')\n"
        "@given(st.integers(8000, 8100))\n"
        "def test_it(calico_cluster, port):\n"
        "    assert calico_cluster.check('198.51.100.7', 'w1', f'tcp/{port}')\n"
    )
    done = run(project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*- <Verdict DENY by default/web end of tier> -*", "*destination port 8011 is not in *"])


# With other plugins


def test_with_xdist(project: pytest.Pytester) -> None:
    cases(project, "a.policytest.yaml")
    cases(project)
    project.makepyfile(PREAMBLE + "    assert other\n")
    done = run(project, "-n", "2")
    done.assert_outcomes(passed=2, failed=5)
    done.stdout.fnmatch_lines(["*- <Verdict DENY by default/web end of tier> -*"])
    done.stdout.fnmatch_lines(["b.policytest.yaml:7: expected allow, got DENY *"])


def test_it_can_be_left_out(project: pytest.Pytester) -> None:
    cases(project)
    project.makepyfile("def test_a():\n    pass\n")
    done = project.runpytest_subprocess("-p", "no:calico_engine", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1)
