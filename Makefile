# Everything runs in .venv, which is made on first use, but for checkov. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Stamps of what is installed: what a render and its validation need; that and the AWS CLI; everything.
READY := $(VENV)/.ready
DEPLOY := $(VENV)/.ready-deploy
ALL := $(VENV)/.ready-all
# What `make lock` and `make sbom` need, apart from the rest.
TOOLS := build/lock/.ready
# checkov, in an environment of its own.
SCAN_VENV := .venv-scan
SCAN := $(SCAN_VENV)/.ready
TEMPLATE := templates/dr-template.yaml
RENDERED := build/.rendered
SOURCES := generate.py .cfnlintrc $(wildcard drtemplate.toml) $(wildcard drtemplate/*.py drtemplate/*/*.py drtemplate/*/*/*.py handlers/*.py)

# make expands the variables of its command line for every command that it runs, and would run a
# $(shell ...) in them. Those of the environment it hands on as they are. What NAME:=value holds, make
# has expanded before it reads a line of this file.
WORDS := STACK PARAMS BUCKET REGION ENDPOINT PROFILE ACCOUNT ROLE_ARN TAGS NOTIFICATION_ARNS \
	ALLOW_DATA_LOSS DISABLE_ROLLBACK EVENTS OFFLINE YES FORCE DRY_RUN \
	N SEED AWS_CLI
$(foreach name,$(WORDS),$(if $(findstring command,$(origin $(name))),\
	$(if $(findstring $$,$(value $(name))),\
	$(error $(name) has a dollar sign in it, which make would expand; give a value without one))\
	$(if $(findstring simple,$(flavor $(name))),\
	$(error write $(name)=value: make expands what stands after := before anybody can look))))

# What consents counts on the command line alone. DRY_RUN, and what says where to deploy, may come
# from the environment too.
FLAGS :=
ifeq ($(origin YES)=$(value YES),command line=1)
FLAGS += --yes
endif
ifeq ($(origin FORCE)=$(value FORCE),command line=1)
FLAGS += --force
endif
ifeq ($(origin DISABLE_ROLLBACK)=$(value DISABLE_ROLLBACK),command line=1)
FLAGS += --disable-rollback
endif
# Each of them is a word of consent.
LOSSES := $(if $(findstring command,$(origin ALLOW_DATA_LOSS)),1)
ifeq ($(value DRY_RUN),1)
FLAGS += --dry-run
endif
ifeq ($(value OFFLINE),1)
FLAGS += --offline
endif
ifeq ($(value EVENTS),1)
FLAGS += --events
endif

.DEFAULT_GOAL := help
.PHONY: help template deploy test e2e e2e-cli2 lint fix types current docs scan check release histories settings-night drill bench bench-set-up lock sbom drill-picture transcript clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

template: $(RENDERED) ## render templates/dr-template.yaml, validated

# A stamp, since an unchanged template is not written again and so keeps its old time.
$(RENDERED): $(READY) $(SOURCES) $(TEMPLATE)
	$(BIN)/python generate.py render
	@mkdir -p $(@D) && touch $@

# Rendered above if it is missing.
$(TEMPLATE): ;

deploy: ## deploy it: STACK=name PARAMS=file [DRY_RUN=1] [YES=1] [REGION=name] and more (docs/deploy.md)
	@[ -n "$$STACK" ] && [ -n "$$PARAMS" ] || { \
		echo 'error: say what to deploy: make deploy STACK=payments-dr PARAMS=params.json' >&2; exit 2; }
	@case "$$DRY_RUN" in ''|0|1) ;; *) echo 'error: DRY_RUN is 1, or it is left out' >&2; exit 2;; esac
	@case "$$OFFLINE" in ''|0|1) ;; *) echo 'error: OFFLINE is 1, or it is left out' >&2; exit 2;; esac
	@$(MAKE) --no-print-directory --silent template $(DEPLOY)
	@set -f; $(BIN)/python generate.py deploy --stack="$$STACK" --params="$$PARAMS" \
		$${BUCKET:+--bucket="$$BUCKET"} $${REGION:+--region="$$REGION"} \
		$${PROFILE:+--profile="$$PROFILE"} $${ACCOUNT:+--account="$$ACCOUNT"} \
		$${ROLE_ARN:+--role-arn="$$ROLE_ARN"} $${TAGS:+--tags $$TAGS} \
		$${NOTIFICATION_ARNS:+--notification-arns $$NOTIFICATION_ARNS} \
		$(if $(LOSSES),$$(printf -- '--allow-data-loss=%s ' $$ALLOW_DATA_LOSS)) \
		$${ENDPOINT:+--endpoint-url="$$ENDPOINT"} $(FLAGS)

test: $(ALL) ## run all tests, on all cores
	$(BIN)/python -m pytest -n auto --dist loadfile --max-worker-restart 0 --ignore tests/e2e --ignore tests/test_docs_commands.py
	$(BIN)/python -m pytest -n auto --dist loadfile --max-worker-restart 0 tests/e2e tests/test_docs_commands.py

e2e: $(ALL) ## deploy on an emulated account with the AWS CLI, and read back what was deployed
	$(BIN)/python -m pytest tests/e2e

e2e-cli2: $(ALL) ## the same, and the printed commands, with an AWS CLI 2: AWS_CLI=path, else the one on PATH
	@case "$$("$${AWS_CLI:-aws}" --version 2>/dev/null)" in aws-cli/2.*) ;; \
		*) echo 'error: there is no AWS CLI 2 here; give its path: make e2e-cli2 AWS_CLI=/usr/local/bin/aws' >&2; exit 2;; esac
	AWS_CLI="$$(command -v "$${AWS_CLI:-aws}")" $(BIN)/python -m pytest tests/e2e tests/test_docs_commands.py

lint: $(ALL) ## ruff, the layers of imports, and cfn-lint on the rendered template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python generate.py lint

fix: $(ALL) ## let ruff mend and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(ALL) ## mypy
	$(BIN)/mypy

current: $(READY) ## template and pages are what the code makes, and the template equivalent to the source
	$(BIN)/python generate.py render --check
	$(BIN)/python generate.py docs --check
	$(BIN)/python generate.py equivalence

docs: $(READY) ## write the generated pages
	$(BIN)/python generate.py docs

scan: $(READY) $(SCAN) ## checkov, and cfn-lint with its advice: each finding has its reason
	$(BIN)/python generate.py scan

check: lint types current scan test ## all that a commit must pass

release: template ## keep today's template as that of setup.cfg's version, in tests/releases/
	@version=$$($(BIN)/python -c 'import drtemplate; print(drtemplate.__version__)') && \
		cp $(TEMPLATE) tests/releases/$$version.yaml && echo "tests/releases/$$version.yaml: written"

histories: $(ALL) ## play N random hours (1000) in the simulated account, from SEED (1), and print figures
	$(BIN)/python tests/handlers/histories.py "$${N:-1000}" "$${SEED:-1}"

settings-night: $(ALL) ## run cfn-lint over N drawn settings (1000): [N=1000] [SEED=1]
	$(BIN)/python tests/settings_night.py "$${N:-1000}" "$${SEED:-1}"

drill: $(ALL) ## run the handlers in a simulated cloud, each scenario RUNS times (1000); report in build/drill/
	$(BIN)/python generate.py drill $${RUNS:+--runs "$$RUNS"}

bench: $(ALL) ## measure render, validation, equivalence and emitter against their floors
	$(BIN)/python bench/bench.py

bench-set-up: $(ALL) ## measure how long both set-ups take from nothing
	$(BIN)/python bench/bench.py --set-up

drill-picture: $(ALL) ## draw docs/drill.svg from the results of the last drill
	$(BIN)/python generate.py drill --picture docs/drill.svg

transcript: $(ALL) ## write docs/transcript.md from what the commands say on the emulated account
	TRANSCRIPT=write $(BIN)/python -m pytest tests/e2e/test_deploy_flow.py

clean: ## remove what the other targets made, the template excepted
	rm -rf $(VENV) $(SCAN_VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

# Exactly the files that the lock knows, no source that would have to be built, nothing else: the lock
# is complete, so that pip has nothing to resolve.
INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-deps
COMPILED = build/lock/bin/uv pip compile --quiet --no-config --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade)
# setup.cfg's pins, and what pyproject.toml wants for a build.
LOCKED = $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])' \
	| $(COMPILED) setup.cfg -

lock: $(TOOLS) ## write requirements/ anew from setup.cfg and scan/; UPGRADE=1: newer ones of what no pin names
	$(LOCKED) --extra deploy --extra dev --extra drill --output-file requirements/all.txt
	$(LOCKED) --constraint requirements/all.txt --output-file requirements/render.txt
	$(LOCKED) --constraint requirements/all.txt --extra deploy --output-file requirements/deploy.txt
	$(LOCKED) --constraint requirements/all.txt --extra lock --output-file requirements/lock.txt
	$(COMPILED) scan/requirements.txt --output-file requirements/scan.txt

sbom: $(TOOLS) ## write the bill of materials of what is locked, as CycloneDX: build/sbom.json
	build/lock/bin/cyclonedx-py requirements requirements/all.txt --output-reproducible \
		--output-format JSON --output-file build/sbom.json
	@$(PYTHON) tests/sbom.py requirements/all.txt build/sbom.json

$(TOOLS): requirements/lock.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(INSTALL) --requirement requirements/lock.txt
	@touch $@

$(READY): setup.cfg pyproject.toml requirements/render.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'error: drtemplate needs Python 3.11 or newer; try: make PYTHON=python3.13 ...' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) --requirement requirements/render.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
		--no-build-isolation --editable .
	@touch $@

$(DEPLOY): $(READY) requirements/deploy.txt
	$(BIN)/python $(INSTALL) --requirement requirements/deploy.txt
	@touch $@

$(ALL): $(READY) requirements/all.txt
	$(BIN)/python $(INSTALL) --requirement requirements/all.txt
	@touch $@

# Most of what checkov brings is never imported, so compiling all of it would only take time.
$(SCAN): requirements/scan.txt
	$(PYTHON) -m venv $(SCAN_VENV)
	$(SCAN_VENV)/bin/python $(INSTALL) --no-compile --requirement $<
	@touch $@
