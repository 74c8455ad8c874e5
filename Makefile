# Every target does its own set-up: git, make and Python >= 3.11 are all it takes.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
PAGES := $(BIN)/python hack/pages.py --install
PIP := $(BIN)/python -m pip install --disable-pip-version-check
export PYTHONPATH := $(CURDIR)/hack
# Each of the processes that tests start would compile the same files for itself.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup programs demo playground test test-ui check ui plugin e2e controlplane bench bench-detection faults soak site screenshots audit clean

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) ## the Python environment in .venv, from the locks

demo: setup programs ui ## the main job on a real cluster; ONCE=1 ends after the story; STORY=watchdog, STORY=data, STORY=rules and STORY=canary tell others
	@$(BIN)/python -m playground.demo

playground: setup programs ui ## a cluster, a shop's clients and Prometheus, for the tutorials, until Ctrl-C; STORY=canary for that one
	@$(BIN)/python -m playground.$(if $(filter canary,$(STORY)),canary_playground,stage)

test: check programs ui ## everything but the browser: checks, tests, end to end
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

test-ui: setup programs ui ## the dashboard in Chromium, on a real cluster; screenshots in build/screenshots
	@$(PAGES) --run test
	$(BIN)/pytest tests/dashboard -m browser

check: setup ## style, types, layers, generated files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/kubervisor crds --check
	@$(PAGES) --run check

ui: setup ## the dashboard's pages, where their sources changed; Node from PATH, else from a lock
	@$(PAGES)

plugin: ## the kubectl plugin as one file in build/plugin; BINDIR=folder installs it there
	@$(PYTHON) kubectl-plugin/assemble.py $(BINDIR)

e2e: setup programs ## the tests of the whole controller on a whole cluster
	$(BIN)/pytest tests/e2e

controlplane: setup ## build the cluster's programs where missing (minutes, once); the last line is their folder
	@$(BIN)/python -m playground.binaries

programs: setup
	@$(BIN)/python -m playground.binaries >/dev/null

ONLY ?=
bench: setup programs ui ## speed, memory and load beside the floor of the same run; ONLY="crowd scale" writes docs/explanation/performance.md
	@$(BIN)/python -m benchmarks $(ONLY)

bench-detection: setup ## detectors and published rules on simulated fleets, three quarters of an hour; writes docs/explanation/detection.md
	@$(BIN)/python -m benchmarks.detection

faults: setup programs ## every fault of docs/reference/faults.md, half an hour; writes that page
	@mkdir -p build && rm -f build/faults.xml
	$(BIN)/pytest tests/faults --ignore=tests/faults/test_matrix.py -m "" -o junit_family=xunit1 --junitxml=build/faults.xml || true
	@$(BIN)/python -m tests.faults.report build/faults.xml

site: setup ## the documentation as pages in build/site, readable from disk
	@$(BIN)/python -m zensical build --strict

screenshots: setup programs ui ## the pictures of docs/assets anew, a quarter of an hour
	@$(BIN)/python -m playground.screenshots

MINUTES ?= 5
soak: setup programs ## a churning fleet with faults: memory, threads, files, requests; MINUTES=5
	@$(BIN)/python -m benchmarks.soak --minutes $(MINUTES)

audit: setup ## look the locked packages up among the known advisories
	@$(BIN)/python hack/audit.py requirements/*.lock

clean: ## remove what these targets made in this folder; the cluster's programs stay in the cache
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf ui/node_modules kubervisor/ui/static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.locked: requirements/dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "no $(PYTHON) on PATH: make PYTHON=/path/to/python >= 3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$$($(PYTHON) --version 2>&1) is too old: make PYTHON=/path/to/python >= 3.11" >&2; exit 1; }
	@echo "installing the locked packages into .venv (a minute or two)" >&2
	@$(PYTHON) -m venv .venv
	@$(PIP) --quiet --require-hashes -r $< >&2
	@touch $@

# Without isolation: the build backend is one of the locked packages.
$(INSTALLED): .venv/.locked pyproject.toml
	@$(PIP) --quiet --no-deps --no-build-isolation --editable . >&2
	@touch $@
