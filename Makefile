# One verb, one command; the work is done by the scripts the verbs name. Settings are environment variables:
#   PG_CONFIG          the Postgres to build for (default: pg_config on PATH, else Debian's newest)
#   CARGO_TARGET_DIR   where cargo builds (default: target)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup build modules install check lint fmt test unit regress isolation e2e demo bench deny clean-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing on this machine
	@tools/setup

build: setup ## build the extension for release
	@tools/install --build

modules: setup ## build the example modules and test fixtures to WASM
	@modules/build.sh

install: setup ## build the extension and install it into Postgres
	@tools/install

test: modules install ## everything: install what is missing, build, run all tests
	@pg_test/run all

check: lint unit ## what to run before each commit: lint and the tests that need no server

lint: setup ## format, clippy without warnings, quarantines
	cargo fmt --all --check
	cargo fmt --all --check --manifest-path modules/Cargo.toml
	cargo clippy --workspace --all-targets --locked -- -D warnings
	tools/check-quarantines

fmt: ## format all Rust code
	cargo fmt --all
	cargo fmt --all --manifest-path modules/Cargo.toml

unit: setup ## tests of crates/
	@pg_test/run unit

regress: modules install ## SQL tests
	@pg_test/run regress

isolation: modules install ## tests with interleaved sessions
	@pg_test/run isolation

e2e: modules install ## tests with whole servers
	@pg_test/run e2e

demo: ## a private server with the chat module, step by step, and a URL to open
	@tools/demo

bench: modules install ## reducers against plpgsql and plain SQL; what subscriptions cost; load through the gateway
	@bench/run
	@bench/subscriptions
	@bench/gateway

deny: ## licences, bans and advisories of the dependencies (needs cargo-deny)
	cargo deny check

clean-test: ## remove what killed test runs left, and the demo
	@pg_test/cluster sweep
	@tools/demo --stop
