# Every target a newcomer needs; `make help` prints them from their own comments.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo up down check test parts chain long nemesis bench pages docs lock clean

help: ## print this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r t d; do printf '  make %-8s %s\n' "$$t" "$$d"; done

setup: $(READY) ## install everything into .venv (Python 3.11–3.14, or PYTHON=…)

$(READY): requirements/dev.lock pyproject.toml
	@python=$$(PYTHON="$(PYTHON)" deploy/pick-python) && echo "Python: $$python" && \
	{ [ -x $(BIN)/python ] || $$python -m venv $(VENV); } && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## everything up, the story plays, expected against found (exit 1 on any difference)
	@$(BIN)/sharedchain demo

up: $(READY) ## start the chain on this machine, in the foreground (home: ./.sharedchain)
	@$(BIN)/sharedchain up

down: $(READY) ## stop the chain
	@$(BIN)/sharedchain down

FAST := $(BIN)/python -m pytest -q -m "not stack and not slow" -p no:cacheprovider
HALF := tests/core tests/data tests/gateway tests/house tests/rules tests/sharedchain tests/streams

REALLY := tests/bench tests/chain tests/containers
# Nothing in $(REALLY) is fast, and loading it takes its time. tests/rules says what `rules check` and `rules test` would.
check: $(READY) ## the fast gate: format, lint, types, import contracts, data, fast tests (≤ 60 s)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(FAST) $(HALF) & half=$$!; \
	$(BIN)/mypy && \
	{ $(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache; } && \
	$(BIN)/sharedchain schema check && \
	$(FAST) $(HALF:%=--ignore=%) $(REALLY:%=--ignore=%) tests; rest=$$?; \
	wait $$half && exit $$rest

DEEP := --hypothesis-profile=deep
REAL := $(BIN)/python -m pytest -q -p no:cacheprovider $(DEEP) --require-real -m "(stack or slow) and not long" --durations=10

test: $(READY) ## the whole suite on real embedded Kafka, registry and ClickHouse, two halves side by side (JOBS=1: one by one)
	@$(MAKE) --no-print-directory --keep-going --jobs=$(or $(JOBS),2) parts chain

parts: $(READY) ## one half of it: everything but the chain as a whole
	@$(FAST) $(DEEP) tests
	@$(REAL) --ignore=tests/chain --ignore=tests/bench tests

chain: $(READY) ## the other half: the stories, the chaos, the benches
	@$(REAL) tests/bench tests/chain

long: $(READY) ## what takes longer: backup, restore and rebuild of a chain that runs
	@$(BIN)/python -m pytest -p no:cacheprovider --require-real --durations=15 -m long

nemesis: $(READY) ## seeded faults on three brokers, then the judgement: MINUTES=60 SEED=7 (docs/nemesis.md)
	@$(BIN)/python -m tests.nemesis --minutes $(or $(MINUTES),10) --seed "$(SEED)" $(if $(TWIN),--twin $(TWIN))

bench: $(READY) ## speed, as ratios in one run
	@$(BIN)/python -m bench

pages: $(READY) ## write the generated pages of docs/ anew
	@$(BIN)/python -m deploy.pages

docs: $(READY) ## build the documentation, strictly, into build/site (both languages, nothing fetched)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs --quiet build --strict

lock: $(READY) ## resolve requirements/*.lock anew (needs uv; names no registry)
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra chain --extra dev -o requirements/dev.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra image --constraint requirements/dev.lock -o requirements/image.lock pyproject.toml

clean: ## remove the environment and the local home
	@rm -rf $(VENV) .sharedchain
