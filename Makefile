# make ask Q="..."   asks this shelf; sets everything up the first time
# make test          installs the development tools and runs every test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# What pip says goes to stderr: stdout is the answer.
# Modules are compiled when they are first imported: most of them never are.
INSTALL = >&2 $(PIP) install --no-compile --constraint constraints.txt
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
FAILED = { echo "not installed: the lines above say why; make resumes here" >&2; exit 1; }

# A question is never expanded, by make or by the shell: it may hold $ and quotes.
override Q := $(value Q)
export Q
export HF_HUB_OFFLINE ?= 1
# One more than processors, where there are two: tests wait for screens and servers too.
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help ask asked build tui serve test check style types documented bench docs format wheel clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

ask: asked $(VENV)/.installed  ## answer a question: make ask Q="Who bought beds?"
	@$(BIN)/askreport ask --build -- "$$Q" || test $$? -eq 3  # 3: no evidence, an answer too

asked:
	@test -n "$$Q" || { echo 'no question: make ask Q="Who bought beds?"' >&2; exit 2; }

build: $(VENV)/.installed  ## bring the index up to date with sources/
	@$(BIN)/askreport build

tui: $(VENV)/.installed build  ## open the shelf in the terminal
	@$(BIN)/askreport tui

serve: $(VENV)/.installed build  ## serve the shelf over HTTP
	@$(BIN)/askreport serve

test: $(VENV)/.developing  ## run every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check:  ## the whole gate: format, lint, types, layers, docs, tests
	@$(MAKE) --no-print-directory -j 2 $(VENV)/.developing build
	@$(MAKE) --no-print-directory -j 2 --output-sync style types documented
	@$(MAKE) --no-print-directory test

style:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types:
	$(BIN)/mypy --num-workers 2

documented:
	$(BIN)/cog --check -P README.md docs/*.md

bench: $(VENV)/.developing build  ## measure beside peers; installs each, takes an hour
	$(BIN)/python -m benchmarks.peers.compare --json bench.json

docs: $(VENV)/.developing  ## write the generated parts of README and docs anew
	$(BIN)/cog -r -P README.md docs/*.md

format: $(VENV)/.developing  ## format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(VENV)/.developing  ## build the wheel and the sdist into dist/
	$(BIN)/python -m build --no-isolation

clean:  ## remove the environment, caches and built packages; the index stays
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamps say that what pyproject.toml and constraints.txt name is installed.
$(VENV)/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "there is no $(PYTHON); name a Python: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "askreport needs Python 3.11 or later, which $(PYTHON) is not;" \
	    "name another: make PYTHON=python3.11" >&2; exit 1; }
	@echo "installing into $(VENV), once: some minutes, some hundred megabytes" >&2
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --upgrade pip || $(FAILED)
# torch's own index has builds for the processor alone, a tenth of the size; where it
# cannot be reached, what the usual index offers is taken.
	@$(INSTALL) --no-deps --retries 2 $(TORCH_INDEX:%=--extra-index-url %) torch || $(FAILED)
	@$(INSTALL) --build-constraint constraints.txt --editable . || $(FAILED)
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@echo "installing the development tools into $(VENV), once" >&2
	@$(INSTALL) --group dev || $(FAILED)
	@touch $@
