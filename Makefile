# What one does with a clone. `make help` lists it.

VENV ?= .venv
# Any Python from 3.10 on; the first that will do is taken.
PYTHONS ?= python3 python3.13 python3.12 python3.11 python3.10
DATA ?= ../shared/data
PY := $(VENV)/bin/python
# For recipes that change the directory; $(abspath) would stumble over a blank in the clone's path.
PY_ABSOLUTE := $(if $(filter /%,$(VENV)),,$(CURDIR)/)$(PY)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help crawl test golden lint docs guest train bench soak clean
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

crawl: $(VENV)/.installed ## crawl the bundled site, or URL=https://... [PAGES=50]
	@cd example_project && "$(PY_ABSOLUTE)" -m scrapy crawl article \
		$${URL:+-a url="$$URL"} $${PAGES:+-a pages="$$PAGES"} $(ARGS)

test: $(VENV)/.test ## all tests, the guest's included where cargo is  [ARGS="-k pool"]
	@$(PY) -m pytest $(ARGS)
	@if command -v cargo >/dev/null; then \
		echo "== the guest's own tests"; cargo test --quiet --workspace --manifest-path guest/Cargo.toml; \
	else \
		echo "The guest's own tests were left out: there is no cargo on the PATH (https://rustup.rs)."; \
	fi

golden: $(VENV)/.test ## write the known results of tests/golden anew, after the component changed: read the diff
	$(PY) -m pytest tests/test_golden.py --update-golden -q

lint: $(VENV)/.lint ## ruff and mypy, for the guest rustfmt and clippy where they are
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy
	@if command -v cargo-fmt >/dev/null; then cargo fmt --all --check --manifest-path guest/Cargo.toml; fi
	@if command -v cargo-clippy >/dev/null; then \
		cargo clippy --quiet --workspace --all-targets --manifest-path guest/Cargo.toml -- -D warnings; fi

docs: $(VENV)/.docs ## build the documentation into docs/_build
	@$(PY) -m sphinx --quiet --fail-on-warning --keep-going docs docs/_build/html
	@echo "The documentation is docs/_build/html/index.html"

guest: ## build the component from source into scrapy_riptide/wasm
	@guest/build.sh

train: $(VENV)/.train ## train the guest's model again  [DATA=../shared/data]
	@$(PY) guest/train/train.py --data "$(DATA)"

bench: $(VENV)/.bench ## measure the runtime, the extraction and whole crawls  [DATA=../shared/data]
	@$(PY) benchmarks/runtime.py
	@$(PY) benchmarks/extraction.py --data "$(DATA)"
	@$(PY) benchmarks/growth.py
	@$(PY) benchmarks/crawl.py --data "$(DATA)"
	@$(PY) benchmarks/scaling.py --data "$(DATA)"

soak: $(VENV)/.bench ## a million extractions in one process, with the curve of its memory
	@$(PY) benchmarks/soak.py $(ARGS)

clean: ## take away what the other commands made
	rm -rf $(VENV) guest/target build dist docs/_build example_project/out example_project/.scrapy
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp is written last: what was interrupted is done again.

$(VENV)/.installed: pyproject.toml
	@test -x $(PY) && $(PY) -m pip --version >/dev/null 2>&1 || { \
		for python in $(PYTHONS); do \
			"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && break; python=; \
		done; \
		test -n "$$python" || { echo "Python 3.10 or later is needed, and none of these is: $(PYTHONS)." \
			"Install one, or name one: make PYTHONS=/path/to/python3" >&2; exit 1; }; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { echo "$$python can't make virtual environments." \
			"On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
		echo "Making a virtual environment in $(VENV) with $$($$python --version)."; \
		rm -rf $(VENV); "$$python" -m venv $(VENV); }
	@echo "Installing scrapy-riptide and what it needs."
	@$(PY) -m pip install --quiet --editable .
	@touch $@

# pip knows dependency groups from 25.1 on.
$(VENV)/.test: $(VENV)/.installed
	@echo "Installing what the tests need."
	@$(PY) -m pip install --quiet --upgrade 'pip>=25.1'
	@$(PY) -m pip install --quiet --group test
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	@echo "Installing ruff and mypy."
	@$(PY) -m pip install --quiet --group lint
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@echo "Installing what the benchmarks compare with and draw with."
	@$(PY) -m pip install --quiet --group bench
	@touch $@

$(VENV)/.train: guest/train/requirements.txt $(VENV)/.installed
	@echo "Installing what the training computes with."
	@$(PY) -m pip install --quiet --requirement guest/train/requirements.txt
	@touch $@

$(VENV)/.docs: $(VENV)/.test
	@echo "Installing Sphinx."
	@$(PY) -m pip install --quiet --group docs
	@touch $@
