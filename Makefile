# Two commands: `make demo` and `make test`. Each sets up all that it needs in .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help demo test bench bench-web

help:
	@echo "make demo    a synthetic country on http://localhost:8000 (FRESH=1 begins anew, PORT=8001 elsewhere)"
	@echo "make test    all checks and tests"
	@echo "make bench-web  the pages under load, with 1,000,000 entries"
	@echo "make bench   speed and signal quality, as ratios"

demo:
	@$(PYTHON) tools/setup.py requirements.lock
	@exec .venv/bin/tocsin demo $(if $(FRESH),--fresh) $(if $(PORT),--port $(PORT))

test:
	@$(PYTHON) tools/setup.py requirements-dev.lock
	@.venv/bin/python tools/check.py

bench:
	@$(PYTHON) tools/setup.py requirements-dev.lock
	@.venv/bin/python -m benchmarks

bench-web:
	@$(PYTHON) tools/setup.py requirements-dev.lock
	@.venv/bin/python -m benchmarks.web
