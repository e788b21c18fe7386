# Everything that is done with camhook from this folder; `make` alone lists it. Needs Rust, Python 3 and make:
# the other tools are installed into .tools/, at the versions that infra/local/requirements-*.txt name.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export SAM_CLI_TELEMETRY := 0

# What a user may set: make up PORT=4566, CAMHOOK_CONFIG=site/camhook.toml make up, make watch LAN=1
CAMHOOK_CONFIG ?= infra/local/camhook.toml
PORT ?=
LAN ?=
STACK_NAME ?= camhook
PARAMETERS ?=
ARCHITECTURE ?= arm64
FUZZ_SECONDS ?= 60

CLOUD := .tools/cloud
LINT := .tools/lint
LAMBDA := .tools/lambda
BENCH := .tools/bench
MAIL := .tools/mail
# The binaries that the template deploys, by its own word.
FUNCTIONS = $(shell sed -nE 's|.*CodeUri: \.\./target/lambda/([a-z0-9-]+)/.*|\1|p' infra/template.yaml)
VENDORS := instar-http instar-mqtt ivsec viewtron xprotect
# End to end tests bring a site of their own, where they have one.
TEST_CONFIG = $(firstword $(wildcard tests/camhook.toml) infra/local/camhook.toml)
up_arguments = --config "$(CAMHOOK_CONFIG)" $(if $(PORT),--port $(PORT))

.PHONY: help run up down watch test test-mqtt lint bench fuzz build deploy deploy-parameters clean-tools

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

run: $(CLOUD)/installed ## the whole of it on this machine: start, send samples, show what became of them
	@$(CLOUD)/bin/python infra/local/run.py $(up_arguments)

up: $(CLOUD)/installed ## the local cloud in the background; .local/stack.json says where
	@$(CLOUD)/bin/python infra/local/up.py $(up_arguments)

down: $(CLOUD)/installed ## stop what `make up`, `make run` or `make watch` started
	@$(CLOUD)/bin/python infra/local/down.py

watch: $(CLOUD)/installed $(LAMBDA)/installed ## compile and run functions as files change; LAN=1 lets a real camera post
	@PATH="$(CURDIR)/$(LAMBDA)/bin:$$PATH" $(CLOUD)/bin/python infra/local/watch.py $(up_arguments) $(if $(LAN),--lan)

test: $(CLOUD)/installed $(MAIL)/installed ## every test, end to end ones too, on a local cloud of its own
	@$(CLOUD)/bin/python infra/local/with_cloud.py --config "$(TEST_CONFIG)" -- cargo test --workspace --features lambda --locked

test-mqtt: $(CLOUD)/installed ## cameras over MQTT through a real Mosquitto bridge, which has to be installed
	@command -v mosquitto_pub >/dev/null || { echo "error: Mosquitto is not installed; on Debian and Ubuntu: apt-get install mosquitto mosquitto-clients" >&2; exit 1; }
	@$(CLOUD)/bin/python infra/local/with_cloud.py --config "$(TEST_CONFIG)" -- \
		cargo test --workspace --features lambda,camhook-end-to-end/mosquitto --test mqtt --locked

lint: $(LINT)/installed ## formatting, Clippy, the template
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features lambda,camhook-end-to-end/mosquitto --locked -- -D warnings
	@if cargo tree --locked $(addprefix --package camhook-,$(VENDORS)) --edges normal,dev --prefix none | grep -E '^(camhook-)?aws-'; then \
		echo "error: a vendor's crate must not depend on AWS" >&2; exit 1; fi
	$(LINT)/bin/cfn-lint infra/template.yaml
	AWS_DEFAULT_REGION=eu-central-1 $(LINT)/bin/sam validate --lint --template infra/template.yaml

bench: $(BENCH)/installed ## what an event, a start and a function cost, as one table; see docs/performance.md
	cargo build --release --locked --features lambda $(addprefix --package camhook-,$(FUNCTIONS))
	cargo build --release --locked --package camhook-bench
	target/release/camhook-bench target/release $(BENCH)/bin/python target/bench
	$(BENCH)/bin/python bench/scale.py target/bench/report.json > target/bench/scale.md

fuzz: .tools/fuzz/bin/cargo-fuzz ## each parser against made-up input, FUZZ_SECONDS each (needs a nightly Rust)
	@export PATH="$(CURDIR)/.tools/fuzz/bin:$$PATH"; \
	python3 fuzz/seed.py; \
	targets=$$(cargo fuzz list); \
	for target in $$targets; do \
		echo "fuzzing $$target for $(FUZZ_SECONDS) s"; \
		cargo +nightly fuzz run "$$target" -- -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1; \
	done

build: $(LAMBDA)/installed ## the functions as they are deployed, into target/lambda/
	PATH="$(CURDIR)/$(LAMBDA)/bin:$$PATH" CARGO_TARGET_DIR="$(CURDIR)/target" \
		cargo lambda build --release --locked --features lambda $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64) $(addprefix --bin ,$(FUNCTIONS))

deploy: deploy-parameters $(LINT)/installed build ## onto AWS; PARAMETERS="Name=value ..." for the template's parameters
	$(LINT)/bin/sam deploy --template-file infra/template.yaml --stack-name "$(STACK_NAME)" \
		--capabilities CAPABILITY_IAM --resolve-s3 --no-fail-on-empty-changeset \
		--parameter-overrides $(PARAMETERS) Architecture=$(ARCHITECTURE) LocalStack=false

deploy-parameters:
	@case '$(PARAMETERS)' in *LocalStack*) \
		echo "error: LocalStack is for the local cloud alone: with it, relays and channels may reach the loopback" >&2; exit 1;; esac

clean-tools: ## remove .tools/, which the next command installs again
	rm -rf .tools

.tools/fuzz/bin/cargo-fuzz:
	cargo install --quiet --locked --version 0.13.2 --root .tools/fuzz cargo-fuzz

.tools/%/installed: infra/local/requirements-%.txt
	@rm -rf .tools/$*
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: python3 is older than 3.11; put a newer one first on PATH" >&2; exit 1; }
	@python3 -m venv .tools/$* || { echo "error: python3 cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing $< into .tools/$*"
	@.tools/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@
