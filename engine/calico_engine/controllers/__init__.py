"""What Calico's controllers and converters make of a cluster: Kubernetes objects as the Calico objects they become."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calico_engine.controllers.kubernetes.conversion import Conversion, convert

__all__ = ["Conversion", "convert"]


def __getattr__(name: str) -> object:
    """The converters are many modules, and most questions are about manifests without any Kubernetes object."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from calico_engine.controllers.kubernetes import conversion

    return getattr(conversion, name)
