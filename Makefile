# The commands of this project. `make` lists them.
# Options: STUDY=name|all PRESET=smoke|quick GRID="activation=relu,tanh seed=range(0,3)" CHECKS=true PORT=5000
# REPORT="--only figures" BENCH="--quick" BENCH="sweeps --only peer"
# Of the server: HOST=127.0.0.1 ARTIFACTS=folder WORKERS=4 SERVER_OPTIONS="--app-name basic-auth", and by the
# environment DATABASE, ALLOWED_HOSTS, CORS_ALLOWED_ORIGINS (docs/server.md)

PYTHON ?= python3
STUDY ?= convergence
PRESET ?=
GRID ?=
CHECKS ?=
PORT ?= 5000
# Not from the environment, where shells set it to the machine's name: only who says so opens it to others.
HOST := 127.0.0.1
ARTIFACTS ?= mlartifacts
# A worker a core is kept busy by as many sweeps at once.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores : 4)))
SERVER_OPTIONS ?=
BENCH ?=
REPORT ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS := $(VENV)/.tools
PEERS := $(VENV)/.peers
SERVER := $(VENV)/.server
# Modules are compiled when they are first imported: most of what MLflow brings never is.
INSTALL := -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable
export GRID STUDY PRESET CHECKS

# A grid from the command line belongs to the study `adhoc`, or to the one it names or is taken from; a
# preset has a name of its own.
asked = $(patsubst $(1)=%,%,$(lastword $(filter $(1)=%,$(GRID))))
preset = $(patsubst %,-%,$(1))
ASKED = $(or $(call asked,study.name),$(call asked,study),adhoc)$(call preset,$(call asked,sweep.preset))
NAME = $(if $(GRID),$(ASKED),$(if $(filter all,$(STUDY)),$$study,$(STUDY))$(call preset,$(PRESET)))

.DEFAULT_GOAL := help
.PHONY: help setup sweep plan results studies report ui server database test test-slow lint selfcheck bench clean

help:  ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## make the virtual environment, once

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) .
	touch $(READY)

# What only tests and lint need.
$(TOOLS): $(READY)
	$(BIN)/python $(INSTALL) '.[dev]'
	touch $(TOOLS)

# What `make bench` compares with. Where it cannot be installed the tables say what is missing.
$(PEERS): $(READY)
	$(BIN)/python $(INSTALL) '.[bench]' && touch $(PEERS) || \
	  echo "bench: not every peer could be installed" >&2

# What only a team's server needs.
$(SERVER): $(READY)
	$(BIN)/python $(INSTALL) '.[server]'
	touch $(SERVER)

# A study whose files are missing is left out, in a line that says which.
define NAMES
names=$$($(BIN)/python -m harness.studies --names $${PRESET:+--preset "$$PRESET"}) || exit 2; \
if [ -z "$$names" ]; then echo "STUDY=all: no study to ask for; needed: files in sweeps/" >&2; exit 2; fi;
endef

# GRID reaches the shell by the environment and is split into words, never parsed: parentheses,
# brackets and stars are safe. STUDY=all asks for every study in turn, whatever became of those before it
# unless a signal ended one, and tells of each at the end; `worst` is the greatest status of any.
define LAUNCH
set -f; worst=0; ends=; \
$(if $(filter all,$(STUDY)),$(NAMES)) \
for study in $(if $(filter all,$(STUDY)),$$names,"$$STUDY"); do \
  set -- $${CHECKS:+"checks.gradients=$$CHECKS"} $(1) -m; \
  if [ -n "$$GRID" ]; then $(BIN)/python -m harness $$GRID "$$@"; \
  else $(BIN)/python -m harness "study=$$study" $${PRESET:+"sweep.preset=$$PRESET"} "$$@"; fi; \
  status=$$?; $(2) \
  case $$status in 0) end=done;; 1) end="something failed, see above (status 1)";; \
  2) end="refused, see above (status 2)";; *) end="stopped (status $$status)";; esac; \
  ends="$$ends$$study: $$end|"; \
  if [ $$status -gt $$worst ]; then worst=$$status; fi; \
  if [ $$status -ge 128 ] || [ -n "$$GRID" ]; then break; fi; \
done; \
$(if $(filter all,$(STUDY)),if [ -z "$$GRID" ]; then printf '\n%s' "$$ends" | tr '|' '\n' >&2; fi;)
endef

# Of a sweep that was interrupted or refused there is nothing to report.
define REPORT
if [ $$status -le 1 ]; then $(BIN)/python -m reports "$(NAME)" || status=1; fi;
endef

sweep: setup  ## train a grid and report it: STUDY=name (or all), or GRID="key=a,b seed=range(0,3)"
	@$(call LAUNCH,,$(REPORT)) exit $$worst

plan: setup  ## print what a sweep would train, and train nothing
	@$(call LAUNCH,sweep.plan=true) exit $$worst

# What was trained already is not trained again.
results: STUDY = all
results: GRID =
results: setup  ## train what is missing of every study, and write docs/results.md
	@if [ "$$STUDY" != all ] || [ -n "$$GRID" ]; then \
	  echo "make results: is of all studies; not allowed: STUDY=$$STUDY GRID=$$GRID; for one: make sweep" >&2; \
	  exit 2; fi; \
	$(call LAUNCH) if [ $$worst -ge 128 ]; then exit $$worst; fi; \
	$(BIN)/python -m reports.results $${PRESET:+--preset "$$PRESET"} || worst=1; exit $$worst

studies: setup  ## list the studies with their questions and what they cost
	@$(BIN)/python -m harness.studies

report: setup  ## draw the report of a study anew from MLflow: STUDY=name, REPORT="--only figures"
	@$(BIN)/python -m reports $(REPORT) "$(NAME)"

ui: setup  ## browse every run at http://127.0.0.1:5000
	@if [ -z "$$MLFLOW_TRACKING_URI" ] && [ ! -e mlruns/mlflow.db ]; then \
	  echo "no runs yet: make sweep trains some" >&2; exit 2; fi; \
	case "$$MLFLOW_TRACKING_URI" in \
	http*) echo "the runs are on a server already: $${MLFLOW_TRACKING_URI##*@}";; \
	*) echo "open http://127.0.0.1:$(PORT)/#/experiments?workflowType=machine_learning"; \
	  export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false; \
	  export MLFLOW_BACKEND_STORE_URI="$${MLFLOW_TRACKING_URI:-sqlite:///mlruns/mlflow.db}"; \
	  $(BIN)/mlflow server --host 127.0.0.1 --port $(PORT) --workers 1;; esac

database:
	@if [ -z "$$DATABASE" ]; then \
	  echo "DATABASE is not set: export DATABASE=postgresql+psycopg://USER:PASSWORD@HOST/NAME (docs/server.md)" >&2; \
	  exit 2; fi

# The database's address holds a password: the environment alone tells it, since command lines are seen by all.
server: database $(SERVER)  ## start a team's server on PostgreSQL: DATABASE, HOST, PORT, ARTIFACTS (docs/server.md)
	@export MLFLOW_BACKEND_STORE_URI="$$DATABASE" MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false; \
	if [ -n "$$ALLOWED_HOSTS" ]; then export MLFLOW_SERVER_ALLOWED_HOSTS="$$ALLOWED_HOSTS"; fi; \
	if [ -n "$$CORS_ALLOWED_ORIGINS" ]; then \
	  export MLFLOW_SERVER_CORS_ALLOWED_ORIGINS="$$CORS_ALLOWED_ORIGINS"; fi; \
	unset DATABASE; \
	exec $(BIN)/mlflow server --host "$(HOST)" --port "$(PORT)" --workers "$(WORKERS)" \
	  --serve-artifacts --artifacts-destination "$(ARTIFACTS)" $(SERVER_OPTIONS)

# Tests that share servers or finished sweeps go to one worker (tests/conftest.py).
test: $(TOOLS)  ## run all tests but the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not slow"

test-slow: $(TOOLS)  ## run the tests that need minutes
	$(BIN)/python -m pytest -m slow

lint: $(TOOLS)  ## ruff, mypy and the contracts between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

selfcheck: setup  ## derive published figures anew, ours beside theirs (offline, seconds)
	@$(BIN)/python -m harness.selfcheck

bench: $(PEERS)  ## time the engine beside its peers: BENCH="--quick", "--cells 64-32-10/32"; or sweeps: BENCH="sweeps"
	$(BIN)/python -m benchmarks $(BENCH)

clean:  ## remove the environment and everything generated, but keep mlruns/
	rm -rf $(VENV) reports/output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
