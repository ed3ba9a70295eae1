# SPDX-License-Identifier: Apache-2.0
#
# Everything but `oldlibs` works without network: dependencies and tools are
# vendored. `race` needs a C compiler; nothing else does.

GO        ?= go
DROPIN    := ./gossip/... ./core/deliverservice/...
TOOLS     := ./common/tools/internal
FUZZTIME  ?= 5s
BENCHARGS ?=

.DEFAULT_GOAL := help
.PHONY: help build test race lint floor oldlibs api demo bench bench-gossip sim fuzz-short fuzz-long generate check-generated ci clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## compile all packages and tests; blockpeer goes to build/
	@mkdir -p build
	CGO_ENABLED=0 $(GO) build ./...
	CGO_ENABLED=0 $(GO) build -o build/blockpeer ./common/tools/blockpeer

test: ## run all tests
	CGO_ENABLED=0 $(GO) test ./...

race: ## run all tests under the race detector
	CGO_ENABLED=1 $(GO) test -race ./...

lint: ## gofmt, go vet, staticcheck and the tree's own conventions
	GO="$(GO)" .ci/lint.sh

floor: ## drop-in packages: Go 1.10 language (compiled and tested so) and library names
	$(GO) run $(TOOLS)/floorcheck
	CGO_ENABLED=0 $(GO) test -vet=off -gcflags=-lang=go1.10 $(DROPIN)

oldlibs: ## drop-in packages against the oldest libraries (needs network once)
	GO="$(GO)" .ci/oldlibs/run.sh

api: ## compare the exported surface and the seams with Fabric v1.3.0's
	$(GO) run $(TOOLS)/apicheck

demo: ## a leader pulls a channel from an orderer, on this machine, in half a minute
	CGO_ENABLED=0 $(GO) run ./common/tools/blockpeer demo

bench: ## delivery path against a plain Recv loop: blocks/s, CPU, bytes, allocations
	CGO_ENABLED=0 $(GO) run ./core/blockpeer/bench $(BENCHARGS)

bench-gossip: ## 50 gossip nodes over loopback: membership, idling, latency, copies, CPU
	CGO_ENABLED=0 $(GO) run ./core/blockpeer/gossipbench $(BENCHARGS)

sim: ## large gossip networks in virtual time: 100 nodes, 10,000 joins and leaves
	CGO_ENABLED=0 $(GO) test -v -tags slow -run Sim -timeout 30m ./gossip/gossip

fuzz-short: ## run each fuzz target for FUZZTIME (5s)
	GO="$(GO)" .ci/fuzz.sh $(FUZZTIME)

fuzz-long: ## run each fuzz target for five minutes
	GO="$(GO)" .ci/fuzz.sh 5m

generate: ## write generated code again
	$(GO) run ./protos/internal/aliasgen

check-generated: ## fail if generated code is not what the generator writes
	$(GO) run ./protos/internal/aliasgen -check

ci: ## all gates; prints which failed
	GO="$(GO)" MAKE="$(MAKE)" .ci/gates.sh build test floor api lint check-generated race

clean: ## remove what make built
	rm -rf build
