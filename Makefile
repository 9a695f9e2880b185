# make run    set up what is missing, then compute the default study
# make paper  the same at the paper's sizes
# make extended  the default study with strong opponents: hours, see docs/opponents.md
# make reproduction  the same, and docs/reproduction.md written from it
# make run CONFIG=mine.yaml TARGETS=leadfields   another study, up to a stage
# make refresh  as make run, with the steps whose libraries have other versions now made again
# make verify  names files of finished steps that are gone or damaged;  make restore makes them again
# make test   set up what is missing, then run every check
# make test-fast  the unit tests that take no time;  make lint, make format
# make test-long  what `make test` leaves out for time: a SAMSEG head, every example of docs/add-your-own.md
# make test-browser  the pages of brains to turn in Chromium, which must be installed
# make benchmark  every method on heads that it has not seen, with noise, artefacts, bad channels
# make frozen  its windows as files, for methods that are run elsewhere
# make curves  what methods find as noise, distance, extent, depth, channels, ... change
# make alpha  real EEG: the alpha rhythm in its place, and nothing where there is nothing
# make sep    real EEG: is the N20 of the median nerve in the hand area?
# make faults  the study disturbed in every way: it must end with the same tables
# make test-cluster  the study on a SLURM of one node (root; Debian's slurm-wlm and munge)
# make test-duneuro  the backend duneuro with the real module, which must be built (envs/duneuro.sh)
# make docs   the documentation site, site/index.html
# make setup  install only;  make hooks: the checks of `make lint` before every commit
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
CORES ?= all
CONFIG ?=
TARGETS ?=
ARGS ?=
WORKERS ?= 2
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What only developers need is installed by the first target that needs it.
TESTS := $(VENV)/.installed-test
DOCS := $(VENV)/.installed-docs
BROWSER := $(VENV)/.installed-browser
EXTENDED := $(VENV)/.installed-extended
HOOKS := $(VENV)/.installed-hooks

# Snakemake starts a script's Python by its bare path.
ifneq (,$(filter-out /%,$(VENV)))
ifneq (,$(word 2,$(CURDIR))$(findstring ",$(CURDIR))$(findstring ',$(CURDIR)))
$(error Scripts cannot be run from an environment in a folder with spaces or quotes in its name: \
  move this one, or write make $(MAKECMDGOALS) VENV=/another/folder)
endif
endif

.PHONY: run refresh verify restore paper extended reproduction setup hooks test pytest test-fast test-long test-browser
.PHONY: benchmark frozen curves alpha sep faults test-cluster test-duneuro lint format docs clean
.DEFAULT_GOAL := run

$(STAMP): pyproject.toml envs/constraints.txt envs/install.sh
	bash envs/install.sh "$(PYTHON)" "$(VENV)" workflow
	@touch $@

$(VENV)/.installed-%: $(STAMP)
	bash envs/install.sh "$(PYTHON)" "$(VENV)" $*
	@touch $@

setup: $(TESTS)

hooks: $(TESTS) $(HOOKS)
	$(BIN)/pre-commit install

# Without a shell in between, what ends make ends the run.
run: $(STAMP)
	@exec $(BIN)/snakemake --cores $(CORES) $(ARGS) $(if $(CONFIG),--configfile $(CONFIG)) \
	  $(if $(TARGETS),-- $(TARGETS))

# Files of finished steps that are gone or damaged.
verify: $(STAMP)
	@$(BIN)/python -m multisource.damage results/*

restore: $(STAMP)
	@files=$$($(BIN)/python -m multisource.damage --remove results/*); \
	  [ -z "$$files" ] || $(MAKE) --no-print-directory run TARGETS="$$(echo $$files)"

refresh: $(STAMP)
	@files=$$($(BIN)/python -m multisource.versions results/*); \
	  $(MAKE) --no-print-directory run ARGS="$(ARGS) $${files:+--forcerun $$files}"

paper: CONFIG := config/paper.yaml
paper: run

# The default study, tested on other heads too: its networks are not trained again.
benchmark: CONFIG := config/benchmark.yaml
benchmark: run

curves: CONFIG := config/curves.yaml
curves: run

# The benchmark's windows as files, the truth kept apart, and what its methods reach on them.
frozen: CONFIG := config/benchmark.yaml
frozen: TARGETS := frozen
frozen: run

# Solvers of other packages too, each tuned alike; it goes on where it stopped.
extended: CONFIG := config/extended.yaml
extended: $(EXTENDED) run

# Real EEG with the default study, and what it must show.
alpha: CONFIG := config/alpha.yaml
alpha: TARGETS := all
alpha: run
	$(BIN)/python tests/proofs/alpha.py results/fsaverage

# A study of its own, of which only what the recording needs is computed.
sep: CONFIG := config/sep.yaml
sep: TARGETS := recordings
sep: run
	$(BIN)/python tests/proofs/sep.py results/fsaverage-sep

# The paper's study and the document about it.
reproduction: CONFIG := config/paper.yaml
reproduction: TARGETS := all reproduction
reproduction: run
	cp -r results/fsaverage/reproduction/. docs/

lint: $(TESTS)
	$(BIN)/ruff check src tests workflow benchmarks docs
	$(BIN)/ruff format --check src tests workflow benchmarks docs
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/mypy

format: $(TESTS)
	$(BIN)/ruff check --fix src tests workflow benchmarks docs
	$(BIN)/ruff format src tests workflow benchmarks docs
	$(BIN)/snakefmt Snakefile workflow

# Both at a time: the type checker keeps one core busy for most of a minute.
test: $(TESTS)
	@$(MAKE) --no-print-directory --jobs=2 lint pytest

pytest: $(TESTS)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal tests

test-fast: $(TESTS)
	$(BIN)/pytest -n $(WORKERS) -m "not slow and not long" tests/unit

test-long: $(TESTS)
	$(BIN)/pytest -n $(WORKERS) -m long tests

test-browser: $(TESTS) $(BROWSER)
	$(BIN)/pytest -m browser tests/browser

# Kills, damage, a full disk, two runs at once; random nonsense for every reader. Some minutes.
faults: $(TESTS)
	$(BIN)/python tests/faults/fuzz.py
	$(BIN)/python tests/faults/fuzz_files.py
	$(BIN)/python tests/faults/faults.py

# SLURM on this machine: jobs cancelled, killed, starved; a node that fails. Half an hour.
test-cluster: $(TESTS)
	$(BIN)/python tests/cluster/cluster.py

# Without the module it fails, and says so in one line.
test-duneuro: $(TESTS)
	@$(BIN)/python tests/proofs/duneuro.py

docs: $(DOCS)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf results logs site .snakemake
