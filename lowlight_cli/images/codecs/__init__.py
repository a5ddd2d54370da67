"""Readers and writers of image file formats."""
