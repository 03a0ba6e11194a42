# make demo: set everything up and drain a board on this machine.  make test: set everything up and pass the tests.
# make soak: drain small worlds by the hundred while GitHub fails by a seed.  make bench: figures, each beside a peer or limit.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE :=  # many processes start the same code: compiled once

.PHONY: demo test check soak setup system bench lock clean

demo: setup
	@$(BIN)/python tests/system.py bubblewrap
	@$(BIN)/sluice demo

# Tests are handed out singly, the longest first; six at once, for much of a story is waiting: five kept two processors
# busy for 78 % of the time. They run on real time: one that fails beside the others is told again, alone, before it
# counts as failed. What is skipped is named, and why.
PYTEST := $(BIN)/pytest -rs --dist load --maxschedchunk 1
ALONE := $(BIN)/pytest --last-failed --last-failed-no-failures none

test: setup system
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -n 6 || $(ALONE)

# A minute: everything pure, every document sent to GitHub, and what Sluice asks of its ledger and engine, on SQLite.
FAST := tests/core tests/webhooks tests/docs tests/models tests/agents tests/contracts/test_github_documents.py $(wildcard tests/contracts/test_ledger_*.py tests/contracts/test_engine_*.py)
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -n 2 -m "not slow" $(FAST)

# One line for each seed; a seed that ends wrong is printed with the command that repeats it. A few run in `make test`.
SEEDS ?= 1000
FROM ?= 1
MINUTES ?= 60
soak: setup
	@$(BIN)/python tests/system.py bubblewrap
	@$(BIN)/python -m tests.soak --seeds $(SEEDS) --from $(FROM) --minutes $(MINUTES)

# About eight minutes; `.venv/bin/python -m benchmarks NAME` measures one thing alone.
bench: setup system
	@$(BIN)/python tests/system.py probot
	$(BIN)/python -m benchmarks

setup: $(VENV)/.ready

# The stamp holds the lock file's content, so a changed lock installs anew and an unchanged one costs nothing.
# The lock names everything there is to install, so pip resolves nothing again: it would stumble over extras.
$(VENV)/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What the tests use beyond Python: PostgreSQL, bubblewrap, real coding agents. Installed where we may; a test says in one
# line what it misses.
system:
	@$(BIN)/python tests/system.py

lock:
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --no-deps --group agents -o tests/agents.lock

clean:
	rm -rf $(VENV) build .sluice .mypy_cache .ruff_cache .pytest_cache
