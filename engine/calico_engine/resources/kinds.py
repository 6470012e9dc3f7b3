"""Kinds by the names that people give them on a command line: calicoctl's aliases and the CRDs' short names.

Source: calicoctl/calicoctl/resourcemgr/*.go (`registerResource`), api/config/crd (spec resources 2.1). Case is not
looked at; in documents the exact kind is needed.
"""

from __future__ import annotations

from collections.abc import Mapping

from calico_engine.errors import printable
from calico_engine.frozen import frozen
from calico_engine.resources import MODELS


@frozen
class KindNames:
    """A kind, its plural in lower case, and what else it is called."""

    kind: str
    plural: str
    aliases: tuple[str, ...]


def _names(kind: str, aliases: str, plural: str = "") -> KindNames:
    return KindNames(kind, plural or f"{kind.lower()}s", tuple(aliases.split()))


def _policy(kind: str, aliases: str) -> KindNames:
    return _names(kind, aliases, f"{kind.lower().removesuffix('y')}ies")


KINDS: tuple[KindNames, ...] = (
    _names("HostEndpoint", "hep heps"),
    _policy("GlobalNetworkPolicy", "gnp gnps cgnp"),
    _policy("NetworkPolicy", "policy policies np pol pols cnp caliconetworkpolicy"),
    _policy("StagedGlobalNetworkPolicy", "sgnp sgnps"),
    _policy("StagedNetworkPolicy", "stagedpolicy stagedpolicies snp spol spols scnp"),
    _policy("StagedKubernetesNetworkPolicy", "stagedkubernetespolicy stagedkubernetespolicies sknp skpol skpols"),
    _names("Tier", ""),
    _names("GlobalNetworkSet", "gnetsets gns"),
    _names("NetworkSet", "netsets"),
    _names("Profile", "pro pros"),
    _names("WorkloadEndpoint", "wep weps"),
    _names("Node", "no nos"),
    _names("IPPool", "ipp ipps pool pools"),
    _names("FelixConfiguration", "felixconfig felixconfigs"),
    _names("KubeControllersConfiguration", "kubecontrollersconfig kubecontrollersconfigs kcc kccs"),
    _names("BGPConfiguration", "bgpconfig bgpconfigs"),
    _names("BGPFilter", "bgpf bgpfs bf bfs"),
    _names("BGPPeer", "bgpp bgpps bp bps"),
    _names("ClusterInformation", "clusterinfo clusterinfos"),
    _names("IPReservation", "reservation reservations"),
    _names("Host", ""),
)

#: Every name in lower case → the kind's names.
BY_NAME: Mapping[str, KindNames] = {
    name: names for names in KINDS for name in (names.kind.lower(), names.plural, *names.aliases)
}
_GROUPS = ("", "projectcalico.org", "crd.projectcalico.org")
_NAMESPACED = {model.KIND: model.NAMESPACED for model in MODELS.values()}


def calico_kind(name: str) -> str | None:
    """Calico's kind that is called so, with or without its group (`np.projectcalico.org`)."""
    word, _, group = name.lower().partition(".")
    known = BY_NAME.get(word) if group in _GROUPS else None
    return None if known is None else known.kind


def written_apart(name: str) -> str:
    """A word about a kind that has a name behind it, as kubectl takes them."""
    kind, slash, rest = name.partition("/")
    return f"; write the name apart from the kind: {printable(f'{kind} {rest}')}" if slash else ""


def is_namespaced(kind: str) -> bool:
    """Whether objects of this kind stand in namespaces."""
    return _NAMESPACED[kind]
