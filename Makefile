# Each target works on a fresh clone with Python >= 3.11 and make; the environment makes itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SQL    := sqlfunctions migrations/ddl migrations/frozen migrations/verify migrations/bookkeeping.sql
ARGS   ?=
CALLS  ?= 100000
SEED   ?= 20261124
HOURS  ?= 1
PROOF  := $(BIN)/python -m proof

.PHONY: help demo test prove fuzz soak ha services bench smoke check lint types verify-generated approved docs browser evidence plpgsql freeze schema plan clients privileges reference correctness sample verbs format clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY) ## The main job on an embedded PostgreSQL 18; writes demo-report.html
	$(BIN)/ledgerdb demo $(ARGS)

test: $(READY) ## All tests, on PostgreSQL 16 and 18
	$(BIN)/python -m pytest -n 3 $(ARGS)

prove: $(READY) ## Every proof of docs/correctness.md in CI's sizes: make prove SEED=7
	$(PROOF) promises
	$(PROOF) attacks
	$(PROOF) interleavings --seed $(SEED)
	$(PROOF) model --seed $(SEED)
	$(PROOF) mutants --seed $(SEED)
	$(PROOF) fuzz --seed $(SEED)
	$(PROOF) chaos --seed $(SEED)
	$(PROOF) payload

fuzz: $(READY) ## Hostile arguments for every function and entry point: make fuzz CALLS=1000000
	$(PROOF) fuzz --calls $(CALLS) $(ARGS)

soak: $(READY) ## Faults under load for hours, with a summary: make soak HOURS=8
	$(PROOF) chaos --hours $(HOURS) $(ARGS)

ha: $(READY) ## A highly available deployment loses its leader under load (installs Patroni beside the example)
	$(BIN)/python examples/high-availability/run.py $(ARGS)

services: $(READY) ## The reference services on an embedded PostgreSQL: ingress, worker, rail, traffic
	$(BIN)/python -m examples.services.run $(ARGS)

bench: $(READY) ## Measure beside other ways, in one interleaved run: make bench ARGS=--quick
	$(BIN)/python -m bench run $(ARGS)

smoke: $(READY) ## The perf-smoke profile, judged by its baseline
	$(BIN)/ledgerdb bench smoke $(ARGS)

check: lint types verify-generated approved test ## What CI runs

lint: $(READY) ## ruff, sqlfluff, the rules for SQL bodies, squawk
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint $(SQL)
	$(BIN)/python -m tools.lint_sql
	$(BIN)/python -m tools.expand
	$(BIN)/squawk migrations/ddl/*.sql migrations/verify/*.sql migrations/bookkeeping.sql

types: $(READY) ## mypy --strict
	$(BIN)/mypy

verify-generated: $(READY) ## What is generated is what its sources make
	$(BIN)/python -m tools.freeze --check
	$(BIN)/python -m tools.schema --check
	$(BIN)/python -m tools.catalog --check
	$(BIN)/python -m tools.plan --check
	$(BIN)/python -m tools.privileges --check
	$(BIN)/python -m tools.reference --check
	$(BIN)/python -m tools.releases --check
	$(BIN)/python -m tools.sample --check
	$(BIN)/python -m tools.verbs --check
	$(BIN)/python -m tools.correctness --check

approved: $(READY) ## Every role has approved these bytes of the regulated surface
	$(BIN)/ledgerdb verify conformance --out build/evidence

docs: $(READY) ## The documentation site, strictly, in build/site
	$(BIN)/sphinx-build --nitpicky --fail-on-warning --keep-going -q docs build/site
	@echo 'build/site/index.html, or: python3 -m http.server --directory build/site'

browser: ## Chromium and promtool, which tests of the console and of the alert rules use (Debian)
	apt-get update -qq && apt-get install --yes -qq --no-install-recommends chromium prometheus

evidence: $(READY) ## Run every verifier on an embedded PostgreSQL 18 and write evidence/
	$(BIN)/ledgerdb verify all $(ARGS)

freeze: $(READY) ## Copy changed functions to migrations/frozen and print their pins
	$(BIN)/python -m tools.freeze $(ARGS)

schema: $(READY) ## Write migrations/schema.sql and migrations/catalog
	$(BIN)/python -m tools.schema
	$(BIN)/python -m tools.catalog

plan: $(READY) ## Write migrations/locks.toml, measured, and compare the plan with its waivers
	$(BIN)/python -m tools.plan

clients: $(READY) ## Write what this release's clients send, for the gate of later ones
	$(BIN)/python -m tools.releases

reference: $(READY) ## Write docs/reference.md
	$(BIN)/python -m tools.reference

plpgsql: $(READY) ## plpgsql_check over every function, on a Debian PostgreSQL 15: make plpgsql ARGS=--install
	$(BIN)/python -m tools.plpgsql_check $(ARGS)

privileges: $(READY) ## Write which role may do what
	$(BIN)/python -m tools.privileges

sample: $(READY) ## Write the demo's instructions
	$(BIN)/python -m tools.sample

correctness: $(READY) ## Write the counts of docs/correctness.md from evidence/correctness
	$(BIN)/python -m tools.correctness

verbs: $(READY) ## Write the async verbs from the blocking ones
	$(BIN)/python -m tools.verbs

format: $(READY) ## Format Python and SQL
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix $(SQL)

clean: ## Remove what the targets made
	rm -rf $(VENV) build dist demo-data demo-report.html .mypy_cache .ruff_cache .pytest_cache
