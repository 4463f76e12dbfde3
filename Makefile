# make demo   set up, then the main job on a simulated market, offline
# make test   set up, then the whole test suite
# make check  lint, format and types
# make soak   many examples, hostile inputs, flipped bits, kills; SEED=N again, FULL=1 all of it
# make bench  measurements side by side
# make docs   what is stale in docs/, then the site in docs/site
# make schemas    write the JSON Schemas of --json again, into docs/schema
# make catalogs   find the program's sentences again, compile what is said for them in Chinese
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CATALOGS := $(wildcard screener/language/locale/*/LC_MESSAGES/screener.po)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Tests start many short processes, which compiled modules make quicker.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test soak check bench docs catalogs schemas format clean

$(VENV)/runtime.stamp: pyproject.toml constraints.txt hatch_build.py $(CATALOGS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/dev.stamp: $(VENV)/runtime.stamp
	$(PIP) -e '.[dev]'
	touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp
	$(PIP) -e '.[bench]'
	touch $@

demo: $(VENV)/runtime.stamp
	$(BIN)/screener demo

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist worksteal

soak: $(VENV)/dev.stamp
	SOAK=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m 'soak or hypothesis' tests

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.backtests   # whole backtests against the import of vectorbt
	$(BIN)/python -m benchmarks.everyday   # what one waits for every day; WORKSPACE as argument
	$(BIN)/python -m benchmarks.pages   # sizes and seconds of pages, a site of 100 events
	$(BIN)/python -m benchmarks.scale   # 5,400 listings over 20 years: some minutes, 12 GB
	$(BIN)/python -m benchmarks.growth   # how seconds and memory of each job grow; 5400x20 as argument
	$(BIN)/python -m benchmarks.volume   # a whole market and many events: some minutes, 5 GB
	$(BIN)/python -m benchmarks.fields   # 30 fields of a whole market beside bare queries
	$(BIN)/python -m benchmarks.shared   # one lake for many beside the same lake in a folder
	$(BIN)/python -m benchmarks.kernel   # paper paths of 10,000 events
	$(BIN)/python -m benchmarks.rivals   # the same job in other tools, the same numbers
	$(BIN)/python -m benchmarks.executing   # trading with every friction: seconds and memory by stage
	$(BIN)/python -m benchmarks.follow   # one account over 20,000 events; whether its alpha is honest
	$(BIN)/python -m benchmarks.screens   # a screen held month by month over 5,400 listings
	$(BIN)/python -m benchmarks.study   # event study: seconds, and how often each test errs
	$(BIN)/python -m benchmarks.score   # 100,000 ratings held to their houses' definitions
	$(BIN)/python -m benchmarks.placebo   # placebo baskets: speed, and how honest their p-values are
	$(BIN)/python -m benchmarks.cluster   # two workers of a Dask cluster behind TLS against one process
	$(BIN)/python -m benchmarks.extraction   # how well and how fast reports are read

docs: $(VENV)/dev.stamp
	$(BIN)/python -m docs.making check
	$(BIN)/python -m docs.making build docs/site

schemas: $(VENV)/runtime.stamp
	$(BIN)/python -m screener.results.schemas docs/schema

catalogs: $(VENV)/dev.stamp
	$(BIN)/python hatch_build.py

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
