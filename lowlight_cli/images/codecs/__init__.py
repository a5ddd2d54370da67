"""Reads and writes image file formats."""
