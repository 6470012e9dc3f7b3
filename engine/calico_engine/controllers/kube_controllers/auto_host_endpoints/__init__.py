"""Automatic host endpoints: which ones there should be, and what becomes of those that there are."""
