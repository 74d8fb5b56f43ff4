# make run    set up everything and serve the app      make test    set up and pass every test
# make lint   ruff, mypy, djlint                       make bench   ratios against peers
# make lock   pin the requirements anew                make clean   remove the environments
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
BENCH  := .venv-bench
HOST   ?= 127.0.0.1
PORT   ?= 5000
# A lock is installed as it stands: the resolver is not asked, `pip check` is.
PIP    := python -m pip --quiet --disable-pip-version-check
INSTALL := install --no-deps --require-hashes

.PHONY: run test lint bench lock clean

run: $(VENV)/.run-ready
	@$(BIN)/flask --app app db upgrade
	@$(BIN)/flask --app app demo load
	@echo "spv is at http://$(HOST):$(PORT)/ (stop it with Ctrl-C)"
	@exec $(BIN)/waitress-serve --listen=$(HOST):$(PORT) --threads=8 --connection-limit=1000 \
		--channel-timeout=30 --max-request-header-size=131072 \
		--max-request-body-size=6000000 --no-clear-untrusted-proxy-headers app:app

test: $(VENV)/.dev-ready
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint spv/templates --lint --quiet

bench: $(BENCH)/.ready
	$(BENCH)/bin/python -m bench $(ARGS)

lock:
	for name in "" -dev -bench; do uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 \
		--generate-hashes requirements$$name.in -o requirements$$name.txt || exit 1; done

$(BIN)/python $(BENCH)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "spv needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(@D)/.. || \
		{ echo "python3-venv is missing: on Debian or Ubuntu, apt-get install python3-venv"; exit 1; }

$(VENV)/.run-ready: requirements.txt | $(BIN)/python
	@$(BIN)/$(PIP) $(INSTALL) -r requirements.txt
	@$(BIN)/$(PIP) check
	@touch $@

$(VENV)/.dev-ready: requirements-dev.txt $(VENV)/.run-ready | $(BIN)/python
	@$(BIN)/$(PIP) $(INSTALL) -r requirements-dev.txt
	@$(BIN)/$(PIP) check
	@touch $@

$(BENCH)/.ready: requirements-bench.txt | $(BENCH)/bin/python
	@$(BENCH)/bin/$(PIP) $(INSTALL) -r requirements-bench.txt
	@$(BENCH)/bin/$(PIP) check
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH)
