# Everything here needs only python3 (3.11 or newer) and make; it makes .venv and installs into it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo serve test lint audit bench soak clean

help:
	@echo "make demo    look around: Heed with a simulated shop"
	@echo "make test    run the tests"
	@echo "make lint    check style, types and who imports whom"
	@echo "make audit   hold the installed packages against known vulnerabilities"
	@echo "make bench   measure, results in bench/RESULTS.md"
	@echo "make soak    kill processes 500 times under load, results in bench/SOAK.md"

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $(READY)

demo: $(READY)
	$(BIN)/heed demo

serve: $(READY)
	$(BIN)/heed serve

test: $(READY)
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

lint: $(READY)
	$(BIN)/ruff format --check src tests bench tools
	$(BIN)/ruff check src tests bench tools
	$(BIN)/lint-imports
	$(BIN)/mypy

audit: $(READY)
	$(BIN)/python tools/audit.py

bench: $(READY)
	$(BIN)/python bench/run.py $(ARGS)

soak: $(READY)
	$(BIN)/python bench/soak.py $(ARGS)

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
