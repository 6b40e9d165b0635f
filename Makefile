# make bench   set everything up, build debian-rse, train and evaluate ECLARE on it
# make test    set everything up, run the tests
# make docs    build the pages under docs/ as a web site in docs/_build/html, tutorials executed
# make sparse  add torch-sparse (optional; builds from source, about 12 minutes on two cores)

PYTHON ?= python3
VENV   ?= .venv
RUNS   ?= runs
PIP    := $(VENV)/bin/python -m pip --disable-pip-version-check
STAMP  := $(VENV)/.installed
# Wheels built from source are kept outside the tree, so that a fresh clone need not build them again.
WHEELS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/xcgraph/wheels

.PHONY: bench bench-debian docs test test-fast lint sparse clean

# torch comes first and alone: an unpinned torch pulled in by another package brings gigabytes of CUDA with it.
$(STAMP): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt pip wheel setuptools
	$(PIP) install -q -c constraints.txt torch
	$(PIP) install -q -c constraints.txt -e '.[test,bench]'
	touch $@

bench: $(STAMP)
	$(VENV)/bin/xcgraph-bench run --model eclare --out $(RUNS)/bench

bench-debian: $(STAMP)
	$(VENV)/bin/xcgraph-bench run debian --text title --model eclare --out $(RUNS)/debian

test: $(STAMP)
	$(VENV)/bin/python -m pytest -q -n 2

test-fast: $(STAMP)
	$(VENV)/bin/python -m pytest -q -n 2 -m 'not slow'

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy xcgraph

docs: $(STAMP)
	$(PIP) install -q -c constraints.txt -e '.[docs]'
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m sphinx -q -W --keep-going -b html docs docs/_build/html

sparse: $(STAMP)
	$(VENV)/bin/python -c 'import torch_sparse' 2>/dev/null || { \
	  mkdir -p $(WHEELS) && \
	  { ls $(WHEELS)/torch_sparse-*.whl >/dev/null 2>&1 || \
	    $(PIP) wheel -q --no-build-isolation --no-deps -c constraints.txt -w $(WHEELS) torch-scatter torch-sparse; } && \
	  $(PIP) install -q -c constraints.txt --find-links $(WHEELS) --no-build-isolation -e '.[sparse]'; }

clean:
	rm -rf $(VENV) build docs/_build docs/api *.egg-info .pytest_cache .mypy_cache .ruff_cache
