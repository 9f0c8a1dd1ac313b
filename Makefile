# Every target makes the environment it needs: a machine with Python 3.11 or later and make is enough. node-env alone
# needs npm besides, and without it a few tests are skipped.
#
#   ARGS=    more arguments, for serve, test, coverage, bench and clients        make test ARGS="-k cursor"
#   BENCH=   smoke: a benchmark run of seconds that proves it works, not a measurement
#   PYTHON=  the interpreter to make environments with, instead of the first one that suits

PYTHON ?=
ARGS ?=
BENCH ?=
RUN := .venv
DEV := .venv-dev
FLOORS := .venv-floors
NEWEST := .venv-newest
# What the tests need that run with the lowest and with the newest versions.
VERSION_TESTS := coverage hypothesis httpx 'psycopg[binary]' pykalshi pytest pytest-xdist respx uvicorn
# The lowest supported versions beside published packages, each on the lowest Python that both support; RAISED is what
# the package itself wants later. Beside fastapi the smoke test runs.
FLOORS_BESIDE := kalshi-sdk-22.4.0 pykalshi-2.0.0 fastapi-0.104.1
FLOORS_PYTHON_kalshi-sdk-22.4.0 := 3.12
FLOORS_RAISED_kalshi-sdk-22.4.0 := websockets==14
FLOORS_PYTHON_pykalshi-2.0.0 := 3.11
FLOORS_PYTHON_fastapi-0.104.1 := 3.11
CLIENTS := .venv-clients
# One environment for each client and version, since they want different versions of the same packages.
CLIENT_PINS := contracts/clients/pins
# Environments of Node, each made of the package-lock.json of a folder.
NODE := .node-env
CLIENT_NAMES := $(basename $(notdir $(wildcard $(CLIENT_PINS)/*.txt)))
export PYTHON DEV

IN_DEV := $(DEV)/bin/python -m
COVERAGE := --cov --cov-report=term

.DEFAULT_GOAL := help
.PHONY: help serve test test-all attacks delayed histories coverage house format format-check lint types check bench floors newest floors-beside \
	wheel examples docs dev-env node-env clients-env clients lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1: /p' Makefile | awk -F': ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

serve: $(RUN)/.installed  ## the server on the demo scenario
	@$(RUN)/bin/mockexchange serve --scenario demo $(ARGS)

test: $(DEV)/.installed  ## the product's tests and one pass of the contract suite: at most 3 minutes on two cores
	@tools/test.sh fast $(ARGS)

test-all: $(DEV)/.installed  ## every test, with all random examples and dates, and coverage: before a release
	@tools/test.sh all $(ARGS)
	@$(MAKE) --no-print-directory coverage
	@$(MAKE) --no-print-directory newest

attacks: $(DEV)/.installed  ## hostile clients for minutes: tests/attacks, each attack repeated, a million random messages, then good clients beside bad ones
	@tools/attacks.sh $(ARGS)

delayed: $(DEV)/.installed  ## the tests of sandboxes, scripts, faults and streams, on logs that suspend at random
	@tools/test.sh delayed $(ARGS)

histories: $(DEV)/.installed  ## minutes of servers and databases that are killed, held and cut off: is what clients saw in the log?
	@$(IN_DEV) benchmarks.histories --engine sqlite --seconds 60 $(ARGS)
	@$(IN_DEV) benchmarks.histories --engine sqlite --workers 3 --seconds 60 $(ARGS)
	@$(IN_DEV) benchmarks.histories --engine postgres --seconds 120 $(ARGS)
	@$(IN_DEV) benchmarks.histories --replicas 3 --seconds 120 $(ARGS)

coverage: $(DEV)/.installed  ## every test that coverage is measured of, with the coverage gate
	@tools/test.sh measured $(COVERAGE) $(ARGS)

house: $(DEV)/.installed  ## architecture and house rules alone
	@$(IN_DEV) pytest -q tests/house/test_architecture.py tests/house/test_layout.py tests/house/test_style.py

format: $(DEV)/.installed  ## rewrite the code as the formatter wants it
	@$(IN_DEV) ruff check --fix-only --quiet .
	@$(IN_DEV) ruff format .

format-check: $(DEV)/.installed
	@$(IN_DEV) ruff format --check .

lint: $(DEV)/.installed  ## ruff
	@$(IN_DEV) ruff check .

types: $(DEV)/.installed  ## mypy, strict, tests and the example included
	@$(IN_DEV) mypy
	@cd examples/bot && ../../$(IN_DEV) mypy --cache-dir ../../.mypy_cache/bot

check: format-check lint types test  ## what a change must pass before it is proposed

bench: $(DEV)/.installed  ## the speed figures, each beside its baseline
	@$(IN_DEV) benchmarks.rest $(if $(filter smoke,$(BENCH)),--smoke) $(ARGS)

floors: $(FLOORS)/.installed  ## a part of the tests with the lowest supported versions, on the lowest supported Python
	@DEV=$(FLOORS) tools/test.sh versions $(ARGS)

# Made anew each time: what is the newest changes without us. Not in .ci/run, which a stranger's release must not stop.
newest:  ## the same part of the tests with the newest released versions
	@rm -rf $(NEWEST) && tools/environment.sh $(NEWEST) /dev/null 3.11 or_later --upgrade --editable . $(VERSION_TESTS)
	@$(NEWEST)/bin/python -m pip list --disable-pip-version-check
	@DEV=$(NEWEST) tools/test.sh versions $(ARGS)

floors-beside: $(FLOORS_BESIDE:%=floors-beside-%)  ## fastapi and published clients beside the lowest supported versions

.PRECIOUS: $(FLOORS)-%/.installed
floors-beside-%: $(FLOORS)-%/.installed
	@echo "beside $*:"
	@$(FLOORS)-$*/bin/python -m pytest --noconftest -p no:cacheprovider -q -m floors tests/house/$(if $(filter fastapi-%,$*),test_floors,floors_beside).py

examples: $(DEV)/.installed  ## the example's own suite, with nothing installed but the wheel and what the example requires
	@tools/bot_examples.sh $(ARGS)

docs: $(DEV)/.installed  ## the documentation site, into build/site
	@NO_MKDOCS_2_WARNING=1 $(IN_DEV) mkdocs build --strict

wheel: $(DEV)/.installed  ## build the wheel and run what it installs
	@tools/wheel_smoke.sh

dev-env: $(DEV)/.installed  ## the environment of all but serve, floors and clients-env
	@:

node-env: $(NODE)/kalshi/.installed $(NODE)/parser/.installed  ## what the tests with Node need; needs npm
	@:

clients-env: $(CLIENT_NAMES:%=$(CLIENTS)/%/.installed)  ## an environment for each client; needs Python 3.13 or later
	@:

clients: $(DEV)/.installed clients-env  ## put every client through every card and call, and write docs/clients.md anew
	@$(IN_DEV) tools.write_clients_page $(ARGS)

# The clients' locks need their Python, which is newer than the lowest that we support.
lock:  ## choose exact versions anew: constraints.txt, locks/ with hashes, and those of each client
	@PYTHON= tools/lock.sh constraints.txt 3.11 exactly '.[dev]'
	@PYTHON= tools/hash_lock.sh locks/runtime.txt constraints.txt 3.11 pyproject.toml
	@PYTHON= tools/hash_lock.sh locks/postgres.txt constraints.txt 3.11 'psycopg[binary]'
	@PYTHON= tools/hash_lock.sh locks/build.txt constraints.txt 3.11 hatchling
	@for name in $(CLIENT_NAMES); do \
		PYTHON= tools/lock.sh $(CLIENT_PINS)/$$name.txt 3.13 or_later "$${name%-*}==$${name##*-}" || exit; done

clean:  ## remove what the other targets made
	rm -rf $(RUN) $(DEV) $(FLOORS) $(NEWEST) $(FLOORS_BESIDE:%=$(FLOORS)-%) $(CLIENTS) $(NODE) build dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(RUN)/.installed: pyproject.toml constraints.txt
	@tools/environment.sh $(RUN) constraints.txt 3.11 or_later --editable .

$(DEV)/.installed: pyproject.toml constraints.txt
	@tools/environment.sh $(DEV) constraints.txt 3.11 or_later --editable '.[dev]'

$(FLOORS)/.installed: pyproject.toml constraints.txt tools/floors.py
	@mkdir -p build && python=$$(PYTHON= tools/find_python.sh 3.11 exactly) && "$$python" tools/floors.py --tests >build/floors.txt
	@PYTHON= tools/environment.sh $(FLOORS) build/floors.txt 3.11 exactly --editable . $(VERSION_TESTS)

$(FLOORS)-%/.installed: pyproject.toml tools/floors.py
	@mkdir -p build && wanted=$(FLOORS_PYTHON_$*) && python=$$(PYTHON= tools/find_python.sh $$wanted exactly) \
		&& "$$python" tools/floors.py --python $$wanted $(FLOORS_RAISED_$*:%=--raise %) >build/floors-$*.txt
	@name=$*; PYTHON= tools/environment.sh $(FLOORS)-$* build/floors-$*.txt $(FLOORS_PYTHON_$*) exactly \
		--editable . pytest "$${name%-*}==$${name##*-}"

$(NODE)/kalshi/.installed: examples/node/package-lock.json
	@tools/node_environment.sh $(@D) $(<D)

$(NODE)/parser/.installed: tests/contracts/parser/package-lock.json
	@tools/node_environment.sh $(@D) $(<D)

$(CLIENTS)/%/.installed: $(CLIENT_PINS)/%.txt
	@name=$*; PYTHON= tools/environment.sh $(CLIENTS)/$* $< 3.13 or_later "$${name%-*}==$${name##*-}"
