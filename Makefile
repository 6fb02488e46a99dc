# ttmserve: `make demo` and `make test` each do all of their own set-up on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
STEPS ?= 10000
export PIP_NO_INPUT = 1

SOAK_SECONDS ?= 600
.PHONY: help demo test check serve bench eval sizing soak reference dashboard-test helm-test hosts-test install \
	install-dev system-packages format clean
.PHONY: pages docs audit sbom

help:
	@echo "make demo    stream the demo clip through the whole stack and ask about it"
	@echo "make up      the stack in containers at http://127.0.0.1:8000; make down ends it"
	@echo "make docker-test  build the images, run the stack, kill, roll, restart and restore it"
	@echo "make test    every test"
	@echo "make check   lint, types, floors, the documentation"
	@echo "make pages   write what of the documentation is made of the code"
	@echo "make docs    the documentation as a site, in site/"
	@echo "make serve   gateway, worker and embedded store at http://127.0.0.1:8000"
	@echo "make eval    the memory beside every alternative, in three to five minutes"
	@echo "make soak    kill workers, gateways and the store for ten minutes (SOAK_SECONDS=$(SOAK_SECONDS))"
	@echo "make reference       write docs/configuration.md and docs/metrics.md anew from the code"
	@echo "make dashboard-test  ask every panel and alert of a real Prometheus, in a real run"
	@echo "make sizing          how large a fleet has to be, simulated: docs/sizing.md"
	@echo "make helm-test       render, lint and validate the Helm chart with the tools that can be had"
	@echo "make hosts-test      hosts as network namespaces, cut off and brought back (root, Linux)"
	@echo "make audit   look the pinned packages up among known vulnerabilities (needs the internet)"
	@echo "make sbom    list what ttmserve[server] consists of, as CycloneDX, in dist/sbom.cdx.json"
	@echo "make bench   cost of a step and bytes of a memory, early and late (STEPS=$(STEPS))"

demo: install
	$(BIN)/ttmserve demo

serve: install
	$(BIN)/ttmserve serve

bench: install
	$(BIN)/ttmserve bench --steps $(STEPS)

eval: install
	$(BIN)/ttmserve eval --short

sizing: install
	$(BIN)/python tools/sizing.py

soak: install-dev system-packages
	cd tests && ../$(BIN)/python -m crash.soak --seconds $(SOAK_SECONDS) --seed 1
	cd tests && ../$(BIN)/python -m crash.measure_real_model --speed 0

reference: install
	$(BIN)/python -m ttm_server.cli.reference docs

# Two to three minutes on two busy cores. PAGE=../docs/operations/dashboard-run.md keeps what it says.
dashboard-test: install-dev
	cd tests && ../$(BIN)/python -m operations.dashboard_run $(PAGE)

# In an environment of its own: its validators are large, and only this needs them.
HELM_ENV := .venv-helm
helm-test: $(HELM_ENV)/.installed
	$(HELM_ENV)/bin/python tests/helm/check_chart.py

$(HELM_ENV)/.installed: tests/helm/requirements.txt
	$(PYTHON) -m venv $(HELM_ENV)
	$(HELM_ENV)/bin/python -m pip --disable-pip-version-check -q install -r $< || \
		echo "not all of $< can be had here: what needs it is left out"
	@touch $@

# Root on Linux alone: a gateway, two workers, a store and clients, each in a network of its own.
hosts-test: install-dev system-packages
	cd tests && ../$(BIN)/python -m hosts.run
	cd tests && ../$(BIN)/python -m hosts.run --engine lite

# Two at a time what can share two cores; then, alone, what plays in real time or kills processes.
ALONE := tests/browser tests/crash tests/e2e
test: install-dev system-packages
	@failed=0; set -x; \
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -n 2 --dist loadfile $(ALONE:%=--ignore=%) || failed=1; \
	$(BIN)/python -m pytest $(ALONE) || failed=1; \
	exit $$failed

.PHONY: secrets images up down requirements docker-test
# The stack of docker/compose.yaml. COMPOSE may name another Compose 2.
COMPOSE ?= docker compose
STACK := $(COMPOSE) --project-directory docker -f docker/compose.yaml
secrets:
	@docker/make-secrets.sh

images:
	$(STACK) build

up: secrets images
	$(STACK) up --detach --wait

down:
	$(STACK) down

requirements: install-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python docker/requirements/lock.py

docker-test: install-dev
	cd tests && ../$(BIN)/python -m docker.run --report ../docs/operations/docker-run.md

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy docker
	$(BIN)/lint-imports
	$(BIN)/hadolint docker/Dockerfile tests/docker/standin/Dockerfile
	$(BIN)/python tools/write_pages.py --check
	$(MKDOCS) -q -d build/site

# The site is read from a folder as well as from a server. The variable hushes an advertisement.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
docs: install-dev pages
	$(MKDOCS)

pages: install-dev reference
	$(BIN)/python tools/write_pages.py

audit: install-dev
	$(BIN)/python tools/supply/audit.py

sbom: install-dev
	$(BIN)/python tools/supply/sbom.py

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ttmserve needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (some minutes the first time)"
	$(PIP) install -c constraints.txt -e '.[server,lab]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (some minutes the first time)"
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

# Packages that only some tests need: installed where this runs as root on Debian, else named.
# Each is a command (or a file) that shows whether it is there, and Debian's package of it.
TEST_PACKAGES := redis-server:redis-server chromium:chromium node:nodejs npm:npm \
	firefox-esr:firefox-esr pulseaudio:pulseaudio WebKitWebDriver:webkit2gtk-driver Xvfb:xvfb \
	/usr/lib/$(shell uname -m)-linux-gnu/faketime/libfaketime.so.1:libfaketime

system-packages:
	@missing=; for pair in $(TEST_PACKAGES); do \
		command -v "$${pair%%:*}" >/dev/null || [ -e "$${pair%%:*}" ] || missing="$$missing $${pair##*:}"; \
	done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing"; apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "not installed:$$missing: the tests that need them are skipped (Debian: apt-get install$$missing)"; fi

clean:
	rm -rf $(VENV) $(HELM_ENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
