"""Low-light photo enhancement from the command line."""
