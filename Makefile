# Two commands do everything on a fresh machine with Python 3.11+: `make demo` and `make test`.
# They make .venv with exactly the locked dependencies first.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
DEMO ?= demo-town
PORT ?= 8000
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.PHONY: help demo serve test check format bench bench-routing bench-solver bench-forecast bench-season load mutants sbom audit clean

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found. Set PYTHON=/path/to/python3."; exit 1; }
	@echo "Making .venv with $(PYTHON) (about a minute the first time) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	@$(BIN)/uv sync --locked --quiet
	@echo "Compiling once (about 40 s on two cores) ..."
	@$(BIN)/fuhre warm-up
	@touch $@

demo: $(READY) ## Build a town on real streets and plan tomorrow's tours (writes demo-town/)
	@$(BIN)/fuhre demo $(DEMO)

serve: $(READY) ## Serve the demo town's API on http://127.0.0.1:8000 (docs at /docs)
	@test -f $(DEMO)/fleet.toml || $(BIN)/fuhre demo $(DEMO)
	@$(BIN)/fuhre serve --town $(DEMO) --port $(PORT)

test: $(READY) ## Run all tests
	@$(BIN)/pytest -n auto --dist worksteal

check: $(READY) ## Lint, types, import contracts, file sizes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Run 'make format'."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python .ci/house.py

format: $(READY) ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

bench: $(READY) ## Solvers and selection policies side by side on the demo town
	@test -f $(DEMO)/fleet.toml || $(BIN)/fuhre demo $(DEMO)
	@$(BIN)/fuhre bench --town $(DEMO)

bench-routing: ## Compare travel matrices with OSRM, Valhalla, RoutingKit, ... (QUICK=1: one map, under 50 s)
	@started=$$(date +%s); \
	python=$$(for p in python3.12 python3.13 "$$HOME"/.pyenv/versions/3.1[23].*/bin/python3 python3 $(PYTHON); do \
		"$$p" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null && echo "$$p" && break; done); \
	test -n "$$python" || { python="$(PYTHON)"; echo "No Python 3.12 or 3.13 was found: OSRM and Valhalla will be left out."; }; \
	test -n "$$python" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found."; exit 1; }; \
	if ! test -x .venv-bench/bin/uv; then \
		echo "Making .venv-bench with $$python ..."; \
		"$$python" -m venv --clear .venv-bench && \
		.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.5" || exit 1; fi; \
	if ! test -f .venv-bench/.ready || test pyproject.toml -nt .venv-bench/.ready || test uv.lock -nt .venv-bench/.ready; then \
		UV_PROJECT_ENVIRONMENT=.venv-bench .venv-bench/bin/uv sync --locked --quiet --inexact --no-default-groups --extra bench && \
		touch .venv-bench/.ready || exit 1; fi; \
	.venv-bench/bin/python -m benchmarks.routing --started $$started $(if $(QUICK),--quick) \
		$(if $(MAPS),--maps $(MAPS)) $(if $(PART),--parts $(PART)) $(if $(SIZES),--sizes $(SIZES)) $(if $(PEERS),--peers $(PEERS))

bench-solver: ## Compare tour solvers with OR-Tools, PyVRP, VROOM, HGS-CVRP (QUICK=1: a subset, under 10 min)
	@python=$$(for p in python3.12 python3.13 "$$HOME"/.pyenv/versions/3.1[23].*/bin/python3 python3 $(PYTHON); do \
		"$$p" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null && echo "$$p" && break; done); \
	test -n "$$python" || python="$(PYTHON)"; \
	test -n "$$python" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found."; exit 1; }; \
	if ! test -x .venv-bench/bin/uv; then \
		echo "Making .venv-bench with $$python ..."; \
		"$$python" -m venv --clear .venv-bench && \
		.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.5" || exit 1; fi; \
	if ! test -f .venv-bench/.ready-solver || test pyproject.toml -nt .venv-bench/.ready-solver || test uv.lock -nt .venv-bench/.ready-solver; then \
		UV_PROJECT_ENVIRONMENT=.venv-bench .venv-bench/bin/uv sync --locked --quiet --inexact --no-default-groups --extra bench-solver && \
		touch .venv-bench/.ready-solver || exit 1; fi; \
	.venv-bench/bin/python -m benchmarks.solver $(if $(QUICK),--quick) $(if $(FAMILIES),--families $(FAMILIES)) \
		$(if $(INSTANCES),--instances $(INSTANCES)) $(if $(SOLVERS),--solvers $(SOLVERS)) \
		$(if $(TIME),--time-limit $(TIME)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(PARALLEL),--parallel $(PARALLEL))

bench-forecast: $(READY) ## Backtest the forecast on real series, beside simple methods (QUICK=1: under 2 min)
	@$(BIN)/python -m benchmarks.forecast $(if $(QUICK),--quick)

bench-season: $(READY) ## Drive a season with every policy, beside fixed schedules and thresholds (QUICK=1: under 5 min)
	@$(BIN)/python -m benchmarks.season $(if $(QUICK),--quick)

load: $(READY) ## Sensors, tablets and a plan every minute against a service of its own (MINUTES=20)
	@$(BIN)/python tests/load/load.py --minutes $(if $(MINUTES),$(MINUTES),20)

mutants: $(READY) ## Break the code on purpose, fault by fault, and see a test notice each
	@$(BIN)/python tests/mutants/run_mutants.py

sbom: $(READY) ## List what an installation consists of, as CycloneDX (sbom.json)
	@$(BIN)/uv export --locked --no-default-groups --no-emit-project --format requirements-txt --quiet -o .sbom.txt
	@$(BIN)/cyclonedx-py requirements .sbom.txt --of JSON -o sbom.json && rm .sbom.txt
	@$(BIN)/python .ci/sbom_licences.py sbom.json && echo "Written: sbom.json"

audit: $(READY) ## Look for known holes in what an installation consists of (needs the internet)
	@$(BIN)/uv export --locked --no-default-groups --no-emit-project --format requirements-txt --quiet -o .sbom.txt
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r .sbom.txt; found=$$?; rm -f .sbom.txt; exit $$found

clean: ## Remove the environment, caches and the demo town
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis $(DEMO) bench-results .venv-bench
