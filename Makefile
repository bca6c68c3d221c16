# make demo   set up what is missing and watch the filter at work
# make test   set up what is missing and run every test
# make help   the rest

GO ?= go
export CGO_ENABLED = 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS = -s -w -X main.version=$(VERSION)

.PHONY: help build demo test race conformance lint fuzz bench bench-content sample-day sample-day-direct clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/winnow, one static binary
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/winnow ./cmd/winnow

demo: ## Postfix, DNS lists and winnow on loopback: the sample mails and the day's report
	@test/setup.sh postfix rbldnsd
	@$(GO) run ./cmd/winnow demo

test: ## every test, with real Postfix, Redis, rbldnsd, unbound and Chromium, and SpamAssassin's rules
	@test/setup.sh postfix redis-server rbldnsd unbound perl spamassassin chromium
	$(GO) test ./...

# Tests of one goroutine that compute for long, or count what is allocated: the race detector sees nothing in them, and takes
# minutes.
ONE_GOROUTINE = AllocatesNearlyNothing|LosesNothing|AsPerl|AsGo|TestStepsCountOctets|TestSimplifyIsLinear|TestMemoryFindsTheSame|TestHostile
race: ## the same under the race detector, but for tests of one goroutine (needs a C compiler)
	@test/setup.sh postfix redis-server rbldnsd unbound perl chromium cc
	CGO_ENABLED=1 $(GO) test -race -skip '$(ONE_GOROUTINE)' ./...

# A corpus is a folder of mails, or of *.tar.xz archives of them, and what SpamAssassin found in them.
CORPUS ?= ../shared/corpus
GOLDEN ?= ../shared/golden/local.jsonl.gz
conformance: ## have SpamAssassin judge test/conformance/mail anew and compare; CORPUS, too, where there is one
	@test/setup.sh perl spamassassin
	@GO=$(GO) test/conformance/run.sh $(abspath $(CORPUS)) $(abspath $(GOLDEN))

lint: ## gofmt, go vet, staticcheck
	@out=$$(gofmt -l cmd pkg rules test deploy); [ -z "$$out" ] || { echo "gofmt -w would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

FUZZTIME ?= 20s
fuzz: ## each fuzz target for FUZZTIME
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' cmd pkg | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); do \
			echo "$$dir $$f"; $(GO) test ./$$dir -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x || exit 1; \
		done; \
	done

bench: ## all benchmarks, allocations shown
	$(GO) test -run '^$$' -bench . -benchmem ./...

MAILS ?=
bench-content: ## content rules on the mails of the folder MAILS: what each layer costs, and all beside spamd -L, also with many more rules
	@[ -n "$(MAILS)" ] || { echo "name a folder of mails: make bench-content MAILS=~/Maildir/cur"; exit 1; }
	@test/setup.sh spamd
	$(GO) run ./cmd/winnow rules cost --local --rules /usr/share/spamassassin $(abspath $(MAILS))
	$(GO) test ./test/conformance -count=1 -v -run Speed -timeout 2h -speed $(abspath $(MAILS))

SCALE ?= 100
DAY ?=
sample-day: ## the sample day (docs/performance.md) at 1:SCALE through winnow: what it takes, and its report held to the plan
	@test/setup.sh redis-server rbldnsd unbound
	$(GO) test ./test -count=1 -v -run 'TestWholeDay$$' -timeout 24h -scale $(SCALE) $(DAY)

sample-day-direct: ## the same without the milter's socket and with the embedded store, in its hours
	@test/setup.sh rbldnsd unbound
	$(GO) test ./test -count=1 -v -run 'TestWholeDayDirect$$' -timeout 24h -scale $(SCALE) -redis=false $(DAY)

clean: ## remove what was built
	rm -rf bin
