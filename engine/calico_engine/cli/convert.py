"""`calico-engine convert`: Kubernetes objects as the Calico objects that they become."""

from __future__ import annotations

import enum
import sys
from typing import Annotated

import typer

from calico_engine.cli.application import ALLOWED, DENIED, Files, Recursive, Stored, app
from calico_engine.cli.screen import print_errors, print_json, print_lines
from calico_engine.errors import InvalidManifest


class Form(enum.StrEnum):
    YAML = "yaml"
    JSON = "json"


class DatastoreForm(enum.StrEnum):
    KUBERNETES = "kubernetes"
    ETCDV3 = "etcdv3"


@app.command()
def convert(
    files: Files,
    output: Annotated[
        Form, typer.Option("-o", "--output", help="yaml, a document for each object, or json, one List.")
    ] = Form.YAML,
    datastore: Annotated[
        DatastoreForm, typer.Option("--datastore", help="With etcdv3 it is what kube-controllers writes.")
    ] = DatastoreForm.KUBERNETES,
    recursive: Recursive = False,
    stored: Stored = False,
) -> None:
    """Kubernetes objects as the Calico objects that they become.

    A rule that Calico leaves out is a warning on standard error; an object that it cannot convert gives exit code 1.
    Calico's own objects are passed over, and so are Services and their EndpointSlices, which Felix reads as they are.
    """
    from calico_engine.cli.writing import print_manifests
    from calico_engine.controllers.kubernetes.converting import products
    from calico_engine.manifests.loading import load
    from calico_engine.manifests.sources import read_sources
    from calico_engine.reports.findings import finding_lines

    sources, unreadable = read_sources(files, recursive=recursive)
    loaded = load(sources, stored=stored)
    if loaded.errors or unreadable:
        raise InvalidManifest([*loaded.errors, *unreadable], loaded.texts)
    made = list(products(loaded, datastore.value, stored=stored))
    resources = [product.resource for product in made if product.resource is not None]
    if output is Form.JSON:
        print_json({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": resources})
    else:
        print_manifests(resources)
    print_lines(finding_lines((w for product in made for w in product.warnings), "warning"), sys.stderr)
    errors = [error for product in made for error in product.errors]
    print_errors(errors, loaded.texts, sys.stderr)
    raise typer.Exit(DENIED if errors else ALLOWED)
