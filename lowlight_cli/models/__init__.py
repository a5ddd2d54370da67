"""Networks, tensor in and tensor out; folders carry the names of the papers."""
