# What a newcomer, a contributor and CI run is the same: the targets below. Each
# sets up .venv as far as it needs; a second run starts at once.
#
#   make demo     install and run the two demonstrations
#   make test     run the tests
#   make lint     check style, types and the import layers
#   make clean    remove .venv and what the tools have cached

# The Python to build .venv with: the first of these that runs. Newer ones may lack
# wheels of the dependencies, hence 3.14 last. Override: make PYTHON=/path/to/python
CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3 python
USABLE := -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for candidate in $(CANDIDATES); do \
	$$candidate $(USABLE) >/dev/null 2>&1 && echo $$candidate && break; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint format clean
.DEFAULT_GOAL := test

demo: $(VENV)/.demo
	@echo "== Text generation (examples/legacy/text_generation.py)"
	@TFSTYLE_DATASETS=digits PYTHONUNBUFFERED=1 \
		$(BIN)/python -m tfstyle examples/legacy/text_generation.py
	@echo "== Recognizing digits row by row (examples/legacy/mnist_rnn.py)"
	@TFSTYLE_DATASETS=digits PYTHONUNBUFFERED=1 \
		$(BIN)/python -m tfstyle examples/legacy/mnist_rnn.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The stamps: an environment is complete when its stamp is newer than the
# description of what it needs.
$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "tfstyle needs Python 3.11 or newer with venv \
	(on Debian: apt install python3-venv); name one: make PYTHON=..."; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.created pyproject.toml
	@echo "Installing tfstyle and what the examples need (a minute or two)"
	@$(PIP) -e '.[examples,port]'
	@touch $@

$(VENV)/.dev: $(VENV)/.created pyproject.toml
	@echo "Installing tfstyle and the tools of its developers (a minute or two)"
	@$(PIP) -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
