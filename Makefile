# Every target installs what it needs by itself; see scripts/set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Test processes at a time, kills in a chaos run, random walks, and more arguments for a
# target's program.
WORKERS ?= 2
ROUNDS ?= 50
WALKS ?= 10000
ARGS ?=

# What was compiled is kept, also where the environment forbids Python to (images of containers
# do): else each start of each process compiles the whole program again.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: serve
serve: ## Start Ostiary in development mode, with a demo application
	@scripts/set-up runtime
	@exec $(BIN)/ostiary serve --dev $(ARGS)

.PHONY: check
check: ## Format, lint, types, import rule, files
	@scripts/set-up development
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_files.py

.PHONY: format
format: ## Format the code and mend what ruff can mend
	@scripts/set-up development
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: test
test: check ## All checks, then all tests
	@scripts/set-up development database browser node curl
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadgroup -m "not interop" $(ARGS)

.PHONY: coverage
coverage: ## The same tests, and which branches they leave out; measuring makes them slower
	@$(MAKE) test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

.PHONY: interop
interop: ## Sign in with the Apache, Go and Java clients
	@scripts/set-up development browser apache
	$(BIN)/pytest -m interop $(ARGS)

.PHONY: bench
bench: ## Measure tokens per second beside this machine's own limit
	@scripts/set-up development
	$(BIN)/python -m bench $(ARGS)

.PHONY: scale
scale: ## Measure every list with 100,000 users and 1,000,000 events, on both engines
	@scripts/set-up development database
	$(BIN)/python -m bench.scale $(ARGS)

.PHONY: chaos
chaos: ## Kill servers under load and look for what was lost
	@scripts/set-up development database
	CHAOS_ROUNDS=$(ROUNDS) $(BIN)/pytest tests/chaos --capture=no $(ARGS)

.PHONY: walk
walk: ## Walk at random through all endpoints for a long time
	@scripts/set-up development
	WALKS=$(WALKS) $(BIN)/pytest --numprocesses $(WORKERS) tests/property/test_whole_walk.py $(ARGS)

.PHONY: docs
docs: ## Write the generated pages of docs/reference again
	@scripts/set-up development
	$(BIN)/python scripts/write_reference.py

.PHONY: constraints
constraints: ## Pin the dependencies again (ARGS=--upgrade for the newest)
	@scripts/set-up development
	scripts/constraints $(ARGS)

.PHONY: clean
clean: ## Remove what the other targets installed and cached (not the data in .ostiary)
	rm -rf .venv .tools tests/e2e/node/node_modules \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find src -name __pycache__ -prune -exec rm -rf {} +
