"""Kubernetes objects as the Calico objects that Calico's converters make of them."""
