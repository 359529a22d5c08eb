# Everything a person does with a clone. Needs only make and Python >= 3.11 with venv; `make` alone lists the targets.

PYTHON ?= python3
VENV   ?= .venv
STORE  ?= demo-store
# A wheel for every package or a clear refusal: building one here would fetch build tools that no hash covers.
WHEELS ?= --only-binary=:all:

BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
LOCALS := . packages/paybox clients/licence
JUDGES := tests/judges/node_modules
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --no-header $(if $(UPGRADE),--upgrade)

.DELETE_ON_ERROR:
.PHONY: help run setup test check format bench promises mutants soak lock clean

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' Makefile | while read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

run: $(VENV)/local.ok ## set up and open a complete example store on http://localhost:8000
	@$(BIN)/troth demo --dir $(STORE) $(if $(PORT),--port $(PORT))

setup: $(VENV)/dev.ok ## set up everything the targets below need, and start nothing

test: $(VENV)/dev.ok judges ## run the whole suite, real servers and a real browser included
	$(BIN)/pytest --numprocesses auto --dist loadgroup $(ARGS)

check: $(VENV)/dev.ok ## check format, lint, types, import contracts, dependencies, spelling and docs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/python -m tools.lints
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry src/troth
	$(BIN)/codespell
	$(BIN)/python -m tools.documented

format: $(VENV)/dev.ok ## put the code into its one form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/dev.ok ## measure, each figure beside a peer and a limit
	$(BIN)/python -m bench $(ARGS)

promises: $(VENV)/local.ok ## prove the published sentences against a twin of the example store
	@test -f $(STORE)/troth.toml || $(BIN)/troth demo --dir $(STORE) --make
	$(BIN)/troth promises --dir $(STORE) $(ARGS)

mutants: $(VENV)/dev.ok ## break each promise on purpose and see its proof turn red
	$(BIN)/python -m tools.mutants $(ARGS)

soak: $(VENV)/dev.ok ## run the fault and typo tests with their full counts (long)
	$(BIN)/pytest -m soak $(ARGS)

lock: $(VENV)/dev.ok ## write the hashed locks from the pyproject files (UPGRADE=1: take newer releases)
	$(LOCK) $(addsuffix /pyproject.toml,$(LOCALS)) requirements/run.in -o requirements/run.txt
	$(LOCK) $(addsuffix /pyproject.toml,$(LOCALS)) requirements/run.in requirements/dev.in \
	    -c requirements/run.txt -o requirements/dev.txt

clean: ## remove what was set up here; the example store stays
	rm -rf $(VENV) $(JUDGES) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- Setting up: a step is done again only when its lock or a distribution's own declaration changed -----------------

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	    echo 'Troth needs Python 3.11 or newer, and there is no "$(PYTHON)" here. On Debian: apt install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'Troth needs Python 3.11 or newer; this is' "$$($(PYTHON) -V 2>&1)." \
	         'If there is another one: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo 'This Python comes without venv. On Debian: apt install python3-venv' >&2; exit 1; }
	@echo 'Setting up $(VENV): once, about half a minute …'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.ok: requirements/run.txt | $(BIN)/python
	@$(PIP) $(WHEELS) --require-hashes -r $<
	@touch $@

$(VENV)/local.ok: $(VENV)/run.ok $(addsuffix /pyproject.toml,$(LOCALS))
	@$(PIP) --no-deps --no-build-isolation $(addprefix -e ./,$(LOCALS))
	@touch $@

$(VENV)/dev.ok: requirements/dev.txt $(VENV)/local.ok
	@echo 'Setting up what checks and tests need …'
	@$(PIP) $(WHEELS) --require-hashes -r $<
	@touch $@

# The judges of finished pages come from npm. Without it the rest is tested, and this says what is not.
.PHONY: judges
judges: $(JUDGES)/.ok
$(JUDGES)/.ok: tests/judges/package-lock.json
	@if ! command -v npm >/dev/null; then \
	    echo 'SKIPPED: axe-core and vnu-jar (barriers, valid pages): no npm here. On Debian: apt install nodejs npm' >&2; \
	elif (cd tests/judges && npm ci --ignore-scripts --silent </dev/null); then touch $@; \
	else echo 'SKIPPED: axe-core and vnu-jar (barriers, valid pages): cd tests/judges && npm ci --ignore-scripts' >&2; fi
