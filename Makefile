# `make demo` and `make test` need python3 (3.11 or newer) and nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all lint clean

demo: .venv/ready  ## The default sweep on the embedded phantom, and its report.
	$(BIN)/scribblebench sweep --protocol efficiency.yaml --output demo
	$(BIN)/scribblebench report demo

test: .venv/ready  ## The fast tests; no data needed.
	$(BIN)/python -m pytest -q -m "not slow and not gpu"

test-all: .venv/ready  ## All tests; those that need real data want SCRIBBLEBENCH_DATA.
	$(BIN)/python -m pytest -q

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/ready: pyproject.toml constraints.txt
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo 'Installing into .venv; the first time this takes some minutes.'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv demo
