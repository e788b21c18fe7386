# `make` lists the targets. Needs Rust, Python 3.11 and make; other tools are installed into .tools/, at the versions in
# infra/local/requirements-*.txt.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export SAM_CLI_TELEMETRY := 0

# Variables: make up PORT=4566, CAMHOOK_CONFIG=site/camhook.toml make up, make watch LAN=1
CAMHOOK_CONFIG ?= infra/local/camhook.toml
PORT ?=
LAN ?=
STACK_NAME ?= camhook
PARAMETERS ?=
ARCHITECTURE ?= arm64
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 600
SOAK_RATE ?= 1
SOAK ?=

CLOUD := .tools/cloud
LINT := .tools/lint
LAMBDA := .tools/lambda
BENCH := .tools/bench
MAIL := .tools/mail
BROWSER := .tools/browser
DENY := .tools/deny
# The binaries that the template deploys.
FUNCTIONS = $(shell sed -nE 's|.*CodeUri: \.\./target/lambda/([a-z0-9-]+)/.*|\1|p' infra/template.yaml)
# The crates of vendors and of the transport MQTT, which have fixtures.
VENDORS = $(patsubst functions/%/tests/fixtures.rs,%,$(wildcard functions/*/tests/fixtures.rs))
# The configuration of end-to-end tests.
TEST_CONFIG = $(firstword $(wildcard tests/camhook.toml) infra/local/camhook.toml)
up_arguments = --config "$(CAMHOOK_CONFIG)" $(if $(PORT),--port $(PORT))

.PHONY: help run up down watch check check-units check-integration-a-m check-integration-n-z check-examples check-python check-roles test test-browser test-mqtt test-upgrade soak screenshots icons lint lint-words bench fuzz mutants build deploy clean-tools

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

run: $(CLOUD)/installed ## a demonstration on this machine: start, send samples, show the results
	@$(CLOUD)/bin/python infra/local/run.py $(up_arguments)

up: $(CLOUD)/installed ## start the local cloud in the background and write .local/stack.json
	@$(CLOUD)/bin/python infra/local/up.py $(up_arguments)

down: $(CLOUD)/installed ## stop what `make up`, `make run` or `make watch` started
	@$(CLOUD)/bin/python infra/local/down.py

watch: $(CLOUD)/installed $(LAMBDA)/installed ## compile and run functions as files change; LAN=1 accepts webhooks from the local network
	@PATH="$(CURDIR)/$(LAMBDA)/bin:$$PATH" $(CLOUD)/bin/python infra/local/watch.py $(up_arguments) $(if $(LAN),--lan)

test: $(CLOUD)/installed $(MAIL)/installed ## run all tests, including end-to-end tests on a local cloud
	@$(CLOUD)/bin/python infra/local/with_cloud.py --with-tests --config "$(TEST_CONFIG)" --check-roles -- cargo test --workspace --features lambda --locked

test-browser: $(CLOUD)/installed $(BROWSER)/installed ## test the console in a real browser, which must be installed
	@command -v chromium >/dev/null || echo "notice: the browser tests are skipped without Chromium; on Debian: apt-get install chromium" >&2
	@$(CLOUD)/bin/python infra/local/with_cloud.py --with-tests --config tests/browser/camhook.toml -- \
		$(BROWSER)/bin/python -m unittest discover --start-directory tests/browser $(if $(TEST),-k $(TEST))

screenshots: $(CLOUD)/installed $(BROWSER)/installed ## write docs/images/ from the console's pages
	@$(CLOUD)/bin/python infra/local/with_cloud.py --with-tests --config infra/local/camhook.toml -- \
		$(BROWSER)/bin/python tests/browser/screenshots.py docs/images

icons: $(BROWSER)/installed ## draw the console's icons for phones from its icon.svg
	@cd tests/browser && "$(CURDIR)/$(BROWSER)/bin/python" icons.py

test-upgrade: $(CLOUD)/installed ## upgrade a stack of the previous version, with its data, on the local cloud
	@cd tests/upgrade && "$(CURDIR)/$(CLOUD)/bin/python" -W ignore::ResourceWarning -m unittest test_upgrade

test-mqtt: $(CLOUD)/installed ## run the MQTT tests with a Mosquitto bridge, which must be installed
	@command -v mosquitto_pub >/dev/null || { echo "error: Mosquitto is not installed; on Debian and Ubuntu: apt-get install mosquitto mosquitto-clients" >&2; exit 1; }
	@$(CLOUD)/bin/python infra/local/with_cloud.py --with-tests --config "$(TEST_CONFIG)" -- \
		cargo test --workspace --features lambda,camhook-end-to-end/mosquitto --test mqtt --locked

soak: $(CLOUD)/installed ## post for SOAK_SECONDS while everything fails, and account for each post; SOAK="--seed N --break WHAT"
	@$(CLOUD)/bin/python infra/local/with_cloud.py --with-tests --config "$(TEST_CONFIG)" -- \
		$(SHELL) -c 'cargo test --quiet --workspace --features lambda --locked --test deployed --no-run && \
		$${CARGO_TARGET_DIR:-target}/debug/soak --seconds $(SOAK_SECONDS) --rate $(SOAK_RATE) $(SOAK)'

CHECKED := cargo test --workspace --exclude camhook-end-to-end --exclude camhook-bench --features lambda --locked --quiet

check: ## what to run before a commit: formatting, Clippy, and tests without the local cloud
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features lambda --locked -- -D warnings
	$(CHECKED) --no-run
	@# Beside each other: most tests keep one core busy, or wait.
	@$(MAKE) --no-print-directory --jobs --output-sync=target \
		check-integration-a-m check-integration-n-z check-units check-python check-examples lint-words

check-units:
	@$(CHECKED) --lib --bins

check-integration-a-m:
	@$(CHECKED) --test '[a-m]*'

check-integration-n-z:
	@$(CHECKED) --test '[n-z]*'

check-examples:
	@$(CHECKED) --doc

check-python:
	@python3 -m unittest discover --quiet --start-directory infra/local --pattern 'test_*.py'
	@python3 -m unittest discover --quiet --start-directory infra/lint --pattern 'test_*.py'

lint-words:
	@python3 infra/lint/words.py
	@python3 infra/lint/links.py

check-roles: $(CLOUD)/installed
	@cd infra/lint && "$(CURDIR)/$(CLOUD)/bin/python" -m unittest --quiet test_roles test_deploy

lint: $(LINT)/installed $(DENY)/installed check-python check-roles lint-words ## run all static checks
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features lambda,camhook-end-to-end/mosquitto --locked -- -D warnings
	cargo clippy --package camhook-cli --no-default-features --features listen --locked -- -D warnings
	@if grep -q "^\[\[patch.unused\]\]" Cargo.lock; then \
		echo "error: Cargo does not use a substitute of vendored/; see vendored/README.md" >&2; exit 1; fi
	@python3 infra/lint/cycles.py functions/* shared/ingest shared/state shared/outbound
	@if cargo tree --locked $(addprefix --package camhook-,$(VENDORS)) --edges normal,dev --prefix none | grep -E '^(camhook-)?aws-'; then \
		echo "error: a vendor's crate must not depend on AWS" >&2; exit 1; fi
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features lambda --locked --quiet
	@# The graph includes crates of platforms that nothing here was compiled for.
	cargo fetch --locked --quiet
	$(DENY)/bin/cargo-deny --offline --locked check --hide-inclusion-graph licenses bans sources
	@if $(DENY)/bin/cargo-deny --locked check --hide-inclusion-graph advisories 2>$(DENY)/advisories.log; then :; \
	elif grep -q 'failed to fetch advisory database' $(DENY)/advisories.log; then \
		echo "notice: advisories were not checked: the database cannot be reached"; \
	else cat $(DENY)/advisories.log >&2; exit 1; fi
	$(LINT)/bin/cfn-lint infra/template.yaml
	AWS_DEFAULT_REGION=eu-central-1 $(LINT)/bin/sam validate --lint --template infra/template.yaml

bench: $(BENCH)/installed ## measure events, starts and functions; see docs/performance.md
	cargo build --release --locked --features lambda $(addprefix --package camhook-,$(FUNCTIONS))
	cargo build --release --locked --package camhook-bench
	target/release/camhook-bench target/release $(BENCH)/bin/python target/bench
	$(BENCH)/bin/python bench/scale.py target/bench/report.json > target/bench/scale.md

fuzz: .tools/fuzz/bin/cargo-fuzz ## run each fuzz target for FUZZ_SECONDS (needs a nightly Rust)
	@export PATH="$(CURDIR)/.tools/fuzz/bin:$$PATH"; \
	python3 fuzz/seed.py; \
	targets=$$(cargo fuzz list); \
	for target in $$targets; do \
		echo "fuzzing $$target for $(FUZZ_SECONDS) s"; \
		mkdir -p "target/fuzz/$$target" "target/fuzz-seeds/$$target"; \
		cargo +nightly fuzz run "$$target" "target/fuzz/$$target" "target/fuzz-seeds/$$target" "fuzz/corpus/$$target" -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1; \
	done

# The code whose errors tests must notice: verification, storage, claims, the relay protocol, signatures, addresses.
MUTATED := shared/ingest/src/verify.rs shared/ingest/src/store.rs shared/state/src/claim.rs \
	functions/relay/src/protocol.rs shared/outbound/src/standard_webhooks.rs shared/outbound/src/address.rs

mutants: .tools/mutants/bin/cargo-mutants ## run mutation tests of the most critical modules; slow
	@PATH="$(CURDIR)/.tools/mutants/bin:$$PATH" cargo mutants --output target/mutants --no-shuffle \
		--test-workspace=false --cargo-arg=--locked $(addprefix --file ,$(MUTATED))

build: $(LAMBDA)/installed ## build the functions for AWS into target/lambda/
	PATH="$(CURDIR)/$(LAMBDA)/bin:$$PATH" CARGO_TARGET_DIR="$(CURDIR)/target" \
		cargo lambda build --release --locked --features lambda $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64) $(addprefix --bin ,$(FUNCTIONS))
	@python3 infra/lint/glibc.py $(patsubst %,target/lambda/%/bootstrap,$(FUNCTIONS))

DEPLOY_CONFIG = $(if $(filter file,$(origin CAMHOOK_CONFIG)),$(wildcard camhook.toml),$(CAMHOOK_CONFIG))

deploy: $(LINT)/installed ## deploy to AWS; PARAMETERS="Name=value ..." sets parameters of the template
	@region=$$($(LINT)/bin/python infra/deploy.py before --stack-name "$(STACK_NAME)" --config "$(DEPLOY_CONFIG)" --parameters $(PARAMETERS)); \
	$(MAKE) --no-print-directory build; \
	$(LINT)/bin/sam deploy --template-file infra/template.yaml --stack-name "$(STACK_NAME)" --region "$$region" \
		--capabilities CAPABILITY_IAM --resolve-s3 --no-fail-on-empty-changeset \
		--parameter-overrides $(PARAMETERS) Architecture=$(ARCHITECTURE) LocalStack=false; \
	AWS_REGION="$$region" $(LINT)/bin/python infra/deploy.py after --stack-name "$(STACK_NAME)" --config "$(DEPLOY_CONFIG)"

clean-tools: ## remove .tools/
	rm -rf .tools

.tools/mutants/bin/cargo-mutants:
	cargo install --quiet --locked --version 27.1.0 --root .tools/mutants cargo-mutants

.tools/fuzz/bin/cargo-fuzz:
	cargo install --quiet --locked --version 0.13.2 --root .tools/fuzz cargo-fuzz

.tools/%/installed: infra/local/requirements-%.txt
	@rm -rf .tools/$*
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: python3 is older than 3.11; put a newer one first on PATH" >&2; exit 1; }
	@python3 -m venv .tools/$* || { echo "error: python3 cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing $< into .tools/$*"
	@.tools/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@
