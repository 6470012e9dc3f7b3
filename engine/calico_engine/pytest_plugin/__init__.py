"""The plugin of pytest: files of cases are tests, `calico_cluster` is a cluster, a failed assertion explains its verdict.

pytest imports this whether or not a project has policies, so everything else is imported when it is first needed.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from calico_engine.policytests import SUFFIXES

if TYPE_CHECKING:
    from calico_engine.cluster import Cluster

#: The marker, and the setting that holds where there is no marker.
MANIFESTS = "calico_manifests"
_CLUSTER = "calico_cluster"


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "files and folders for calico_cluster, and for cases that name no manifests; beside the configuration file"
    parser.addini(MANIFESTS, text, type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    text = "(*paths, recursive=False): the manifests of calico_cluster, beside the test's file or in the root folder"
    config.addinivalue_line("markers", f"{MANIFESTS}{text}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if not file_path.name.endswith(SUFFIXES):
        return None
    from calico_engine.pytest_plugin.cases import CaseFile

    return CaseFile.from_parent(parent, path=file_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The marker is a parameter of the fixture, so that the fixture can live as long as the session.

    A fixture that lives for one test is nothing for fixtures that live longer, nor for Hypothesis.
    """
    marker = metafunc.definition.get_closest_marker(MANIFESTS)
    if marker is None or _CLUSTER not in metafunc.fixturenames:
        return
    from calico_engine.pytest_plugin.clusters import Manifests

    manifests = Manifests.marked(marker, metafunc.definition.path, metafunc.config)
    metafunc.parametrize(_CLUSTER, [manifests], indirect=True, scope="session", ids=[pytest.HIDDEN_PARAM])


@pytest.fixture(scope="session")
def calico_cluster(request: pytest.FixtureRequest) -> Cluster:
    """The cluster of `@pytest.mark.calico_manifests("manifests/", …)`, or of the setting `calico_manifests`.

    It is loaded once for each set of files; what-if steps on it give clusters of their own.
    """
    from calico_engine.pytest_plugin.clusters import Manifests, load

    manifests = getattr(request, "param", None) or Manifests.configured(request.config)
    return load(manifests, request.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and call.excinfo is not None and "calico_engine.verdicts" in sys.modules:
        from calico_engine.pytest_plugin.explaining import explain

        explain(report, call.excinfo.value)
    return report
