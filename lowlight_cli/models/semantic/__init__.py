"""Semantic networks whose features guide the enhancement."""
