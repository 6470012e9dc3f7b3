"""What the node controllers of kube-controllers do: labels kept in sync, and automatic host endpoints."""
