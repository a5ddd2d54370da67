"""Words to calls: the only package that prints."""
