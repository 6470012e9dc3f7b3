"""What Calico's controllers and converters make of a cluster: Kubernetes objects as the Calico objects they become."""

from calico_engine.controllers.conversion import Conversion, convert

__all__ = ["Conversion", "convert"]
