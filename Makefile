# Needs Python 3.11 or newer (another one: make PYTHON=python3.12 ...), make and git; everything else is installed
# into .venv. `make help` lists what there is.

BIN := .venv/bin
ROUNDS ?= 5
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
MAKEFLAGS += --no-print-directory
export PYTHON
unexport PYTHONDONTWRITEBYTECODE # else each of the many processes of a run compiles everything anew

.DEFAULT_GOAL := help
.PHONY: help run demo test test-domain check proof bench bench-growth chaos mutations setup runtime tracing lock clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: runtime ## start everything on this machine
	@exec $(BIN)/consulting run --end-with-caller

demo: runtime ## play the whole flow against the running instance
	@$(BIN)/consulting demo

test: setup ## run every test
	$(BIN)/pytest -q -n 2 tests/unit
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder tests/integration

test-domain: setup ## run the tests of the rules alone, in seconds, and print what hypothesis tried
	$(BIN)/pytest -q --hypothesis-show-statistics tests/unit/domain

check: setup ## run linters, type checks and import rules, then every test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) test

proof: setup ## run the long proofs, at most an hour, and unit tests on other examples; SEED=... repeats one
	@echo "seed $(SEED)"
	$(BIN)/pytest -q -m proof --hypothesis-seed=$(SEED) tests
	$(BIN)/pytest -q -n 2 --hypothesis-seed=$(SEED) tests/unit

bench: setup ## measure against limits of the same run; ROUNDS=1 is the short form
	@$(BIN)/python -m bench $(ROUNDS)

bench-growth: setup ## measure how reads and booking grow with what is kept, up to ten million slots
	@$(BIN)/python -m bench.growth largest

fuzz: setup ## try thousands of requests against the contract, as everybody who may call; SEED=... repeats one run
	@echo "seed $(SEED)"
	$(BIN)/pytest -q -m proof --hypothesis-seed=$(SEED) tests/integration/http/test_fuzzing.py

chaos: setup ## kill API, workers, sandbox and Postgres at random under load, for about a minute; SEED=... repeats one
	@echo "seed $(SEED)"
	$(BIN)/pytest -q -m proof -k chaos --hypothesis-seed=$(SEED) tests/integration/kills

mutations: setup ## take each guard away in a copy: a named test must fail
	@$(BIN)/python -m tests.mutations

openapi: setup ## write the contract, docs/openapi.json, anew from the code
	@$(BIN)/python scripts/contract.py write

ports: setup ## write the pages of the ports, docs/ports, anew from the code
	@$(BIN)/python scripts/port_pages.py

contract: setup ## name what would break clients of the contract that was committed last; SINCE=v1.0 compares with that
	@$(BIN)/python scripts/contract.py break $(SINCE)

advisories: ## look every locked package up among the known vulnerabilities; needs the internet
	@test -x .advisories/bin/pip-audit || { $${PYTHON:-python3} -m venv .advisories && .advisories/bin/pip -q install pip-audit; }
	.advisories/bin/pip-audit --strict --disable-pip --progress-spinner off -r requirements.lock -r requirements-dev.lock

setup: ## install everything for developers
	@scripts/setup dev

runtime:
	@scripts/setup runtime

tracing: ## install what CONSULTING_TRACING_URL needs besides
	@scripts/setup tracing

lock: setup ## lock the requirements anew after pyproject.toml changed
	scripts/lock

clean: ## remove the environment and all caches; an instance's data in .consulting stays
	rm -rf .venv .venv.lock .advisories .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests scripts bench examples -name __pycache__ -type d -prune -exec rm -rf {} +
