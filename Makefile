# Everything here is a plain command or a script that runs without make.

.DEFAULT_GOAL := help
.PHONY: help test race stress mutate netns figures sample bench fuzz lint tidy generate check-generated release ci

FUZZTIME ?= 10s
BENCH ?= .
OUT ?= bench.txt
TIMES ?= 3
PER ?= 14

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## run every module's tests
	go test work

race: ## run them under the race detector
	scripts/race.sh

stress: ## run them TIMES (3) times beside six busy processes, PACKAGES=./common/... say
	scripts/stress.sh $(TIMES) $(PACKAGES)

mutate: ## change the program in PER (14) small ways a package, and see whether a test notices (an hour)
	go run ./tools/internal/mutate -per $(PER)

netns: ## test them where packets are lost and cables cut, and the load of several machines (Linux)
	scripts/netns.sh

figures: ## print what the tests measure, as docs/faults.md has it (minutes)
	@scripts/figures.sh

sample: ## run the lab, and write it into the README and docs/lab.md (minutes)
	scripts/sample.sh

bench: ## run benchmarks, BENCH=Server say, six times, into OUT=bench.txt
	@scripts/bench.sh $(OUT) -bench='$(BENCH)'

fuzz: ## run every fuzz target for FUZZTIME (10s)
	scripts/fuzz.sh $(FUZZTIME)

lint: ## gofmt, go vet, staticcheck, other systems, the schema, the docs
	scripts/lint.sh

tidy: ## bring every module's go.mod and go.sum up to date
	scripts/tidy.sh

generate: ## generate Go code from the schema (builds buf the first time)
	scripts/generated.sh write

check-generated: ## generate it anew and compare
	scripts/generated.sh check full

release: ## tag VERSION=v0.1.0 [MODULES="common eventloop"] [DRY_RUN=1]
	scripts/release.sh $(if $(DRY_RUN),--dry-run) $(VERSION) $(MODULES)

ci: ## everything that a change has to pass
	.ci/run
