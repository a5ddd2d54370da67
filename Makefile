# One word each; the tools come from the virtual environment in VENV.
VENV ?= .venv
BIN := $(if $(wildcard $(VENV)/bin/python),$(VENV)/bin/,)
PYTHON := $(BIN)python

.PHONY: check lint types contracts test golden docs completions weights-sha bench

check: lint types contracts test

lint:
	$(BIN)ruff format --check .
	$(BIN)ruff check .

types:
	$(BIN)mypy

contracts:
	$(BIN)lint-imports

test:
	$(PYTHON) -m pytest -n auto

golden:  # the slow tests
	$(PYTHON) -m pytest -m "slow and not gpu"

docs:
	PYTHONPATH=. $(PYTHON) docs/generate.py commands datasets manual

completions:
	PYTHONPATH=. $(PYTHON) docs/generate.py completions

weights-sha:  # what lowlight_cli/models/catalog.py must hold
	cd lowlight_cli/weights && sha256sum *.safetensors

bench:
	$(PYTHON) benchmarks/start_up.py
	$(PYTHON) benchmarks/throughput.py
