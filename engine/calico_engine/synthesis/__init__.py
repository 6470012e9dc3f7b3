"""Clusters made up: believable manifests for whoever wants to try a policy and has no cluster at hand."""

from calico_engine.synthesis.clusters import synthetic_cluster

__all__ = ["synthetic_cluster"]
