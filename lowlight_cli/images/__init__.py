"""Reads and writes image files; knows nothing about models."""
