# make demo · make test · make check · make bench · make eval-demo. Each sets up what it needs; only Python >= 3.11 and make must be there.

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
READY := $(VENV)/.ready

.PHONY: help demo test check bench eval-demo lock clean

help:
	@echo "make demo   code the sample corpus without a key and write a report"
	@echo "make test   run the tests"
	@echo "make check  ruff, mypy, import contracts, docs"
	@echo "make bench  measure speed and memory as ratios in one run"
	@echo "make eval-demo  hold the keyless baseline and trivial coders against people's codings"
	@echo "make lock   resolve the locked versions anew (needs uv)"

demo: $(READY)
	$(BIN)/codart demo demo

# One process more than there are cores, for many tests wait for servers and other processes. Compiled modules are kept.
test: $(READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $$($(BIN)/python -c "import os; print((os.cpu_count() or 1) + 1)")

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_docs.py tests/test_layers.py

bench: $(READY)
	$(BIN)/python -m bench

# Reads the sample gold, and sets of human codings where they lie in the folder CODART_GOLD.
eval-demo: $(READY)
	$(BIN)/python -m bench.evaluation eval-demo

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "codart needs Python 3.11 or newer; name one: make PYTHON=python3.12 …"; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV) || \
		{ echo "python -m venv failed; on Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@echo "installing what codart needs (once, some minutes)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build demo eval-demo bench/out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
