"""Enhancement runs: request, plan, resume, batch engine, record."""
