# Every target sets up what it needs; nothing else is installed by hand.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RETENTION_HOME ?= $(CURDIR)/data
export RETENTION_HOME
DEMO_SUBSCRIBERS ?= 20000
DEMO_MONTHS ?= 24
DEMO_LAST_MONTH ?= 2026-06

.PHONY: setup demo test lint bench docs ui clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml Makefile
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0]) if not (3, 11) <= sys.version_info[:2] < (3, 14) else None'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(BIN)/retention demo --subscribers $(DEMO_SUBSCRIBERS) --months $(DEMO_MONTHS) --last-month $(DEMO_LAST_MONTH)

test: setup
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project seeds/adapters

bench: setup
	$(BIN)/python -m tests.benchmarks

docs: setup
	$(BIN)/retention docs

ui: setup
	$(BIN)/retention ui

clean:
	rm -rf $(VENV)
