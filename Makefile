# make run    set up everything and serve the app      make test    set up and pass every test
# make lint   ruff, mypy, djlint                       make test-long   endurance
# make coverage  of the rules, by their own tests      make bench  ratios against peers
# make lock   pin the requirements anew                make clean  remove the environments
# make contact-sheets  pictures of every page in its states
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
BENCH  := .venv-bench
HOST   ?= 127.0.0.1
PORT   ?= 5000
# A lock is complete, so pip resolves nothing; `pip check` confirms that all fits.
PIP     := python -m pip --quiet --disable-pip-version-check
INSTALL := install --no-deps --no-compile --require-hashes
SERVE  := waitress-serve --listen=$(HOST):$(PORT) --threads=8 --connection-limit=1000 \
	--channel-timeout=30 --max-request-header-size=131072 --max-request-body-size=6000000 \
	--no-clear-untrusted-proxy-headers app:app

# Compiled files are kept, even where the environment says otherwise: without them each
# start of the application takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

# Two of these commands at once would write the same files, so the second one stops.
LOCKED = test -w . || { echo "This folder cannot be written to: copy spv to one that is yours."; exit 1; }; \
	exec 9>.setup-lock && $(PYTHON) -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null || \
	{ echo "Another make is setting up spv in this folder: wait until it is done, then try again."; exit 1; }
# Test the port in the way that the server opens it.
FREE_PORT = $(PYTHON) -c 'import socket, sys; s = socket.socket(); \
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((sys.argv[1], int(sys.argv[2])))' \
	$(HOST) $(PORT) 2>/dev/null || \
	{ echo "Port $(PORT) of $(HOST) is in use or not allowed. Choose another: make run PORT=8000"; exit 1; }

.PHONY: run test coverage test-long contact-sheets lint bench lock clean python

run: | python
	@$(FREE_PORT); $(LOCKED); $(MAKE) --no-print-directory $(VENV)/.run-ready && \
		$(BIN)/flask --app app db upgrade && $(BIN)/flask --app app demo load
	@$(FREE_PORT); echo "spv is at http://$(HOST):$(PORT)/ (stop it with Ctrl-C)"; \
		exec $(BIN)/$(SERVE)

test: $(VENV)/.dev-ready
	$(BIN)/python -m pytest $(ARGS)

# The tests of the rules run each of their lines and branches. Those that repeat much have
# the marker no_cover: measured, they would take twice as long.
coverage: $(VENV)/.dev-ready
	$(BIN)/python -m pytest tests/rules $(ARGS) \
		--cov=spv/rules --cov-branch --cov-report=term:skip-covered --cov-fail-under=100

test-long: $(VENV)/.dev-ready
	$(BIN)/python -m pytest -m long $(ARGS)

contact-sheets: $(VENV)/.dev-ready
	$(BIN)/python -m tests.contact_sheets $(ARGS)

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint spv/templates --lint --quiet

bench: $(BENCH)/.ready
	$(BENCH)/bin/python -m bench $(ARGS)

lock: $(VENV)/.dev-ready
	for name in "" -dev -bench; do uv pip compile --quiet --universal --no-strip-extras \
		--python-version 3.11 --generate-hashes requirements$$name.in \
		-o requirements$$name.txt || exit 1; done
	$(BIN)/python -m tests.test_locks

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "spv needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "python3-venv is missing: on Debian or Ubuntu, apt-get install python3-venv"; exit 1; }

$(VENV)/.run-ready: requirements.txt | python
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/$(PIP) $(INSTALL) -r requirements.txt && $(BIN)/$(PIP) check
	@touch $@

# The environment of tests and lint includes that of `make run`, in the same versions.
# Each half of the packages has a process of its own: pip uses one core only.
$(VENV)/.dev-ready: requirements.txt requirements-dev.txt | python
	@$(LOCKED); $(PYTHON) -m venv $(VENV) && \
		awk '/^[a-z]/ {n++} {print > ("$(VENV)/half" n % 2)}' requirements-dev.txt && \
		{ $(BIN)/$(PIP) $(INSTALL) -r $(VENV)/half0 & half=$$!; \
		$(BIN)/$(PIP) $(INSTALL) -r $(VENV)/half1 && wait $$half; } && $(BIN)/$(PIP) check
	@touch $(VENV)/.run-ready $@

$(BENCH)/.ready: requirements-bench.txt | python
	@$(LOCKED); $(PYTHON) -m venv $(BENCH) && \
		$(BENCH)/bin/$(PIP) $(INSTALL) -r requirements-bench.txt && $(BENCH)/bin/$(PIP) check
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH) .setup-lock
