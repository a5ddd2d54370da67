"""Measures how fast this machine enhances photos, what limits it, and which options help."""
