# Two commands do everything on a machine with Python 3.11 or newer, git and make:
#   make run    sets up and runs the main job
#   make test   sets up and runs every check
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test lint types translations bench lock clean

PYTHON ?= python3
BIN := .venv/bin

help:  ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	@touch $@

# A stamp for each set of requirements, so that nothing is installed twice.
.venv/run: .venv/pip requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup: .venv/run  ## Install what the bot needs

.venv/nonebot/installed: .venv/pip requirements/nonebot.txt
	$(PYTHON) -m venv .venv/nonebot
	.venv/nonebot/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/nonebot.txt
	@touch $@

setup-dev: .venv/dev .venv/nonebot/installed  ## Install what the checks need, too
	@$(BIN)/python -m tests.counterparts.node

run: setup  ## Run the bot; without credentials, a digest of a local clone (CLONE=path REPO=owner/name)
	@$(BIN)/dynamo-digest run $(if $(CLONE),--git-dir "$(CLONE)") $(if $(REPO),--repo "$(REPO)")

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: setup-dev
	$(BIN)/basedpyright

test: lint types  ## Run every check
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

translations: setup-dev  ## Take new sentences into the catalogues and compile them
	@$(BIN)/python -m translations

bench: setup-dev  ## Measure speed, requests and memory; one PART=name that takes minutes; or prompts of a clone (CLONE=path FROM=2026-01-10 TO=2026-02-10)
	$(BIN)/python -m bench $(if $(PART),--part "$(PART)") $(if $(CLONE),--clone "$(CLONE)") $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)") $(if $(ZONE),--zone "$(ZONE)")

lock:  ## Compile the pinned requirements again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group build $(COMPILE) -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --group dev $(COMPILE) -c requirements/run.txt -o requirements/dev.txt
	$(BIN)/uv pip compile --group nonebot $(COMPILE) -o requirements/nonebot.txt

# Extras are kept, since pip 23 looks past a pin without them: https://github.com/pypa/pip/issues/9644
COMPILE := --quiet --universal --no-strip-extras --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:  ## Remove what the commands above made
	rm -rf .venv tests/counterparts/node_modules
