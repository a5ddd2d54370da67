"""Training recipes and the functions they call."""
