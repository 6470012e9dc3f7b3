"""Small mistakes made in policies on purpose, and what tells them from the original."""
