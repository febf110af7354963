# `make demo` and `make test` set up what they need; a second call finds it done.
.DEFAULT_GOAL := help
SHELL := /bin/bash
bin := .venv/bin

# Small arrays on few cores: threads only get in each other's way.
export OMP_NUM_THREADS ?= 1
# Each of the hundreds of processes that tests start would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup tools demo demo-llm test test-long test-osworld test-matrix check lint format bench clean

help:  ## Lists what can be made.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup:  ## Installs what is missing: Debian packages, .venv, this package.
	@scripts/setup

tools:  ## And what the tests need.
	@scripts/setup tests

demo: setup  ## Runs every task of the suite `apps` with its oracle, records it, draws a contact sheet.
	@rm -rf demo/data
	@$(bin)/agentgym run apps --agent oracle --num-envs 2 --out demo/data --contact-sheet demo/contact-sheet.png

demo-llm:  ## Lets a small real model answer questions, and shows what it was told and said; the first time compiles for minutes.
	@scripts/setup llm-demo
	@rm -rf demo/llm
	@$(bin)/python -m agentgym.testing.smallmodel $(bin)/agentgym run --config examples/llm.toml --out demo/llm
	@$(bin)/agentgym transcript demo/llm

lint: tools  # The part of the gate that runs nothing.
	@$(bin)/ruff format --check .
	@$(bin)/ruff check .
	@$(bin)/mypy
	@$(bin)/lint-imports

check: lint  ## The quality gate with the tests that need no desktop and play no episodes; under a minute.
	@$(bin)/pytest -q -n 2 -m "not desktop and not slow and not episodes and not model"

test: lint  ## The quality gate and every test but those of test-long.
	@$(bin)/pytest -q -n 2 --dist worksteal -m "not long"

test-long:  ## What `make test` leaves out: trainings to their end, most tasks of OSWorld's; by hand. Installs more applications.
	@scripts/setup osworld
	@$(bin)/pytest -q -n 2 --dist worksteal -m long

test-osworld:  ## Every task of OSWorld's that is solved here, not only some; by hand. Installs more applications.
	@scripts/setup osworld
	@$(bin)/pytest -q -n 2 --dist worksteal tests/osworld

test-matrix:  ## Both ends of gymnasium in fresh environments: 1.2.2 with RLlib, the newest without; by hand.
	@scripts/test-matrix

format: tools  ## Formats the code.
	@$(bin)/ruff format .
	@$(bin)/ruff check --fix .

bench: tools  ## Prints the tables of ratios of benchmarks/: desktop, vector, micro, learner, recording, tools, engines, rollouts, osworld, accessibility.
	@$(bin)/python benchmarks/desktop.py
	@$(bin)/python benchmarks/vector.py
	@$(bin)/python benchmarks/micro.py
	@$(bin)/python benchmarks/learner.py
	@$(bin)/python benchmarks/recording.py
	@$(bin)/python benchmarks/tools.py
	@$(bin)/python benchmarks/engines.py
	@$(bin)/python benchmarks/rollouts.py
	@$(bin)/python benchmarks/osworld.py
	@$(bin)/python benchmarks/accessibility.py

clean:  ## Removes what was built, and .venv.
	rm -rf .venv .venvs build dist demo *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
