# make demo: set everything up and drain a board on this machine.  make test: set everything up and pass the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check setup system bench lock clean

demo: setup
	@$(BIN)/python tests/system.py bubblewrap
	@$(BIN)/sluice demo

# Stories run beside each other on real time; one that fails is told again, alone, before it counts as failed.
test: setup system
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 3 --dist worksteal || $(BIN)/pytest --last-failed --last-failed-no-failures none

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow" tests/core tests/webhooks tests/contracts

bench: setup
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

# What the tests use beyond Python: PostgreSQL and bubblewrap. Installed where we may; a test says in one line what it misses.
system:
	@$(BIN)/python tests/system.py

lock:
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build .sluice .mypy_cache .ruff_cache .pytest_cache
