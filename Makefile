# Every target installs what it needs; `make help` lists them.
.PHONY: help demo demo-down test test-unit test-more test-long soak bench lint docs venv image cluster

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: ## a cluster with alice's page, at http://localhost:8080/~alice/
	@tools/demo

demo-down: ## remove everything that the demo and the tests made
	@tools/demo down

test: ## all tests of the core, on a cluster of their own making (25 minutes; a demo is removed)
	@tools/test

test-unit: ## unit tests and golden files (seconds)
	@tools/setup
	@.venv/bin/pytest -n auto -m "not more" tests/unit tests/golden

test-more: ## what the core has no time for (on the cluster that SCIPORTAL_KEEP=true make test leaves)
	@tools/test more

test-long: ## what takes minutes a test (two hours and more)
	@tools/test long

bench: ## measure on the running cluster, beside other ways; writes docs/benchmarks.md
	@tools/setup
	@tools/bench

soak: ## random sequences of actions and crashes for MINUTES=60 minutes
	@tools/setup
	@tools/model soak $(or $(MINUTES),60)

lint: ## ruff, mypy, shellcheck, ansible-lint, ansible-test sanity
	@tools/setup
	@tools/lint

docs: ## the documentation as a site in .cache/docs
	@tools/setup
	@.venv/bin/mkdocs build --strict --site-dir .cache/docs

venv: ## Debian packages and the virtual environment
	@tools/setup

image: venv ## the image of the cluster's hosts
	@tools/image

cluster: image ## the bare hosts
	@tools/cluster create
