"""Weights files: reading, writing, importing, checking, and export as graphs."""
