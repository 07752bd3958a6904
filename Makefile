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

BI_VENV := .venv-bi
BI_LOCK := orchestration/dashboards/requirements.lock
BI_PORT ?= 8088
# en or zh; the operator's own without it.
BI_LANGUAGE ?=

.PHONY: setup demo test lint bench docs ui bi clean

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

# Superset pins half of what the warehouse uses to other versions: it has an environment of its own.
$(BI_VENV)/.installed: $(BI_LOCK) Makefile | $(STAMP)
	$(PYTHON) -c 'import sys; sys.exit("Superset needs Python 3.11 or 3.12, this is " + sys.version.split()[0]) if not (3, 11) <= sys.version_info[:2] < (3, 13) else None'
	$(PYTHON) -m venv --clear $(BI_VENV)
	VIRTUAL_ENV=$(BI_VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r $(BI_LOCK)
	touch $@

bi: setup $(BI_VENV)/.installed
	$(BIN)/python -m orchestration.dashboards --environment $(BI_VENV) --port $(BI_PORT) $(if $(BI_LANGUAGE),--language $(BI_LANGUAGE))

clean:
	rm -rf $(VENV) $(BI_VENV)
