# One word each; the tools come from the virtual environment in VENV.
VENV ?= .venv
BIN := $(if $(wildcard $(VENV)/bin/python),$(VENV)/bin/,)
PYTHON := $(BIN)python

.PHONY: check lint types contracts test golden docs compare completions dist weights-sha bench gpu gpu-train gpu-train-all gpu-home performance

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
	PYTHONPATH=. $(PYTHON) docs/generate.py recipes commands datasets manual

compare:  # docs/compare.html and the tables of docs/which-model.md, from benchmarks/results; some minutes
	PYTHONPATH=. $(PYTHON) docs/compare.py

completions:
	PYTHONPATH=. $(PYTHON) docs/generate.py completions

dist:  # wheel and source archive in dist/, checked; needs the extra `dist`
	rm -rf dist
	$(PYTHON) -m build
	$(PYTHON) -m twine check --strict dist/*

weights-sha:  # what lowlight_cli/models/catalog.py must hold
	cd lowlight_cli/weights && sha256sum *.safetensors

bench:
	$(PYTHON) benchmarks/start_up.py
	$(PYTHON) benchmarks/throughput.py

# The four below also run where the package is not installed. OUT=DIR is where results go.
gpu:  # four minutes on a GPU; QUICK=1: half a minute on a CPU, to see that everything runs; MACHINE=name
	PYTHONPATH=.:$(PYTHONPATH) $(PYTHON) benchmarks/gpu_check.py \
	  $(if $(OUT),--out $(OUT)) $(if $(QUICK),--quick) $(if $(MACHINE),--machine $(MACHINE))

PACK ?= pack
RUN ?= runs/gpu
MINUTES ?= 9
# Weights and numbers first: of what is cut off, the beginning can be unpacked.
BROUGHT = *.safetensors ckpt/best.safetensors metrics.jsonl config.resolved.toml env.json train.log \
  samples ckpt/last.pt
gpu-train:  # train on PACK for MINUTES, then put the run into OUT in parts; TRAIN="--lr 5e-4" adds options
	PYTHONPATH=.:$(PYTHONPATH) $(PYTHON) -m lowlight_cli train codeenhance --preset gpu --progress lines \
	  --data $(PACK)/photos --pairs $(PACK)/pairs --limit-minutes $(MINUTES) \
	  --set run.schedule=clock --max-steps 100000 --out $(RUN) $(TRAIN); code=$$?; \
	$(MAKE) gpu-home; exit $$code

gpu-train-all:  # all of benchmarks/gpu_trainings.toml at once, packed like one run; TRAIN adds options to each
	PYTHONPATH=.:$(PYTHONPATH) $(PYTHON) benchmarks/train_side_by_side.py benchmarks/gpu_trainings.toml \
	  --data $(PACK)/photos --pairs $(PACK)/pairs --minutes $(or $(MINUTES_EACH),8) --out $(RUN) -- $(TRAIN); code=$$?; \
	$(MAKE) gpu-home BROUGHT='*/*.safetensors *.log $(addprefix */,$(filter-out %.safetensors %.pt,$(BROUGHT)))'; exit $$code

gpu-home:  # the run as run.tar.aa, run.tar.ab, ... of 15 MB in OUT
	mkdir -p $(or $(OUT),home)
	cd $(RUN) && ls -dU $(BROUGHT) 2>/dev/null | tar -c -T - | split -b 15m - $(abspath $(or $(OUT),home))/run.tar.

performance:  # tables of docs/performance.md from benchmarks/results
	PYTHONPATH=.:$(PYTHONPATH) $(PYTHON) benchmarks/performance_page.py
