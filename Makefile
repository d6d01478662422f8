# `make` lists the targets.
SHELL       := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run build check check/format check/vet check/fix check/static check/layers check/generated fmt generate setup test test/stages test/packages test/race test/sqlite test/pg test/script \
        test/attack test/conformance test/fault test/scale fuzz bench bench-peers bench/compare cover clean FORCE

GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# Quoted for the shell: a version never holds a quote.
LDFLAGS     := -s -w -X main.version=$(VERSION)
TOOL        := $(GO) tool -modfile=tools/go.mod
FUZZTIME    ?= 10s
FAULT_ROUNDS ?= 200
PORT        ?= 4500
# The packages of the product; the suites below test/ drive the binary.
PACKAGES    := ./internal/... ./cmd/...
GOTEST      := $(GO) run ./test/gotest
BINARY      := $(CURDIR)/bin/preamp

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z\/-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build and start `preamp dev` on the example schema (PORT=4500)
	bin/preamp dev --listen 127.0.0.1:$(PORT) --schema examples/todo/schema.graphql

build: bin/preamp ## bin/preamp: static, for this machine

bin/preamp: FORCE
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/preamp ./cmd/preamp

check: check/format check/vet check/fix check/static check/layers check/generated ## all static checks (under 2 minutes)

check/format:
	@echo '== gofumpt'
	@bad=$$($(TOOL) gofumpt -l .) && { [ -z "$$bad" ] || { echo "run make fmt:" $$bad; exit 1; }; }

# With the build tag of the crash tests too, which other builds leave out.
check/vet:
	@echo '== go vet'
	@$(GO) vet ./...
	@$(GO) vet -tags faults ./internal/job/... ./cmd/...
	@cd tools && $(GO) vet ./...

check/fix:
	@echo '== go fix'
	@fix=$$($(GO) fix -diff ./... 2>&1) && [ -z "$$fix" ] || { echo "$$fix"; exit 1; }

check/static:
	@echo '== staticcheck'
	@$(TOOL) staticcheck ./...

check/layers:
	@echo '== layers, sizes, dependencies'
	@$(GO) mod verify >/dev/null
	@$(GO) test -count=1 ./internal/archtest

check/generated:
	@echo '== generated files'
	@sh test/generated.sh
	@cd tools && $(GO) test ./...

fmt: ## format the code
	$(TOOL) gofumpt -w .

generate: ## regenerate wire types, reference pages, golden help
	$(GO) generate ./...
	$(GO) test ./internal/config ./internal/cli -run 'Reference|Banner' -update
	$(GO) test ./internal/archtest -run Dependencies -update

setup: ## install or name what the tests need
	@sh test/setup.sh

test: setup build ## everything, under 25 minutes on 2 cores
	@mkdir -p bin && $(GO) build -o bin/pgtemp ./test/pgtemp
	bin/pgtemp $(MAKE) --no-print-directory test/stages

# One PostgreSQL serves all stages. The plain build is what the suites drive: the
# race detector slows SQLite reads about 15 times.
test/stages:
	$(MAKE) --no-print-directory test/packages
	$(MAKE) --no-print-directory test/script test/attack test/conformance
	$(MAKE) --no-print-directory FAULT_ROUNDS=20 test/fault
	$(MAKE) --no-print-directory test/scale

test/packages: ## package tests on both stores, with the race detector
	CGO_ENABLED=1 $(GOTEST) -race -timeout 20m $(PACKAGES)
	$(GOTEST) ./test/gotest ./test/harness ./test/authmatrix ./bench/...

test/race: test/packages ## the same

test/sqlite: ## package tests on SQLite only, without the race detector
	PREAMP_TEST_STORES=sqlite $(GO) test $(PACKAGES)

test/pg: ## package tests on PostgreSQL only
	PREAMP_TEST_STORES=postgres $(GO) test $(PACKAGES)

test/script: build ## the binary as users run it
	PREAMP_TEST_BINARY=$(BINARY) $(GOTEST) -count=1 -timeout 10m ./test/script

test/conformance: build ## unmodified AWS clients, and a browser, against the binary
	PREAMP_TEST_BINARY=$(BINARY) $(GOTEST) -count=1 -timeout 20m ./test/conformance/... ./test/hostedui

test/attack: build ## forged, replayed and mixed-up requests, each with its control
	PREAMP_TEST_BINARY=$(BINARY) $(GOTEST) -count=1 -timeout 10m ./test/attack

test/fault: build ## kill -9 at every job step and at random moments (FAULT_ROUNDS=200 per store)
	PREAMP_TEST_BINARY=$(BINARY) PREAMP_FAULT_ROUNDS=$(FAULT_ROUNDS) $(GOTEST) -count=1 -timeout 120m ./test/fault/...

test/scale: build ## 1,000 environments on one server
	PREAMP_TEST_BINARY=$(BINARY) $(GOTEST) -count=1 -timeout 20m ./test/scale/...

fuzz: ## every fuzz target for FUZZTIME=10s
	@sh test/fuzz.sh $(FUZZTIME)

bench: build ## ratios to limits measured in the same run, about 4 minutes (OUT=file records them, STORE=sqlite|postgres, ONLY=part,part)
	$(GO) run ./bench -bin bin/preamp $(if $(STORE),-store $(STORE)) $(if $(ONLY),-only $(ONLY)) $(if $(OUT),-out $(OUT))

bench-peers: build ## the same work by other products, installed in a temporary folder, about 10 minutes (OUT=file)
	@sh bench/peers/setup.sh
	$(GO) run ./bench -bin bin/preamp -peers bench/peers $(if $(OUT),-out $(OUT))

bench/compare: ## benchstat of two recorded runs (BASE=file HEAD=file)
	$(TOOL) benchstat $(BASE) $(HEAD)

cover: ## coverage of the package tests, in bin/cover.html
	@mkdir -p bin
	$(GO) test -coverprofile=bin/cover.out -coverpkg=./internal/... $(PACKAGES)
	$(GO) tool cover -html=bin/cover.out -o bin/cover.html
	$(GO) tool cover -func=bin/cover.out | tail -1

clean: ## remove what was built (the data of `make run` in .preamp stays)
	rm -rf bin

FORCE:
