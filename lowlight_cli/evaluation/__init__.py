"""Scores enhanced images, compares methods and writes reports."""
