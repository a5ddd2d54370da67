"""Which pictures belong together, and how training samples are made of them."""
