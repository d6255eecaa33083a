# What is done with the project, by name. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

# The tag of a release (v1.2.0), or what came after the newest one (v1.2.0-5-g0123abc); where there is none yet, the number of
# commits stands behind v0.0.0. A tree without git has neither.
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null || \
	{ n=$$(git rev-list --count HEAD 2>/dev/null) && echo "v0.0.0-$$n-g$$(git describe --always --dirty)"; } || echo v0.0.0-dev)
# Where git is there but refuses (a clone of another user's), the go command must not ask it.
BUILDVCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || true)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
# Where `make install` puts the program, its manual pages and completions; DESTDIR stands before it.
PREFIX ?= /usr/local
DESTDIR ?=
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 20s
TESTFLAGS ?=
# Processor seconds of `make test` where nothing is compiled yet.
TESTSECONDS := 350
BENCH ?= .
QGAN_PYTHON ?= python3
CLIENTS ?= $(or $(TMPDIR),/tmp)/qgan-clients
# Run directories for the referee; none: its own choice.
RUNS ?=

.PHONY: build install share test verify bench lint fuzz generate golden referee recordings performance bench-check services dist clean help

build: ## the program, as bin/qgan
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(BUILDVCS) -ldflags "-s -w -X main.version=$(VERSION)" -o bin/qgan ./cmd/qgan

# One of the tests is all of go vet, so what `go test` vets by itself is left out.
test: ## every test that needs nothing from outside
	@n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
	echo "make test: takes about $$(( ($(TESTSECONDS) / n + 30) / 60 )) min on $$n idle processors where nothing is compiled yet, two thirds of it otherwise"
	@if go test -vet=off $(TESTFLAGS) ./...; then \
		echo "make test: all packages passed"; \
		$(if $(QGAN_SHARED),,echo "make test: QGAN_SHARED is not set, so the full reference data was left out (make verify)";) \
	else \
		echo "make test: FAILED, see the lines with FAIL above" >&2; exit 1; \
	fi

verify: ## every test, with the reference data in QGAN_SHARED, nothing from the cache
	@if [ -z "$${QGAN_SHARED:-}" ]; then \
		echo "make verify: set QGAN_SHARED to the absolute path of the folder with the reference data" >&2; exit 2; fi
	@if [ ! -d "$$QGAN_SHARED" ]; then echo "make verify: QGAN_SHARED=$$QGAN_SHARED is no folder" >&2; exit 2; fi
	go test -count=1 -timeout 30m $(TESTFLAGS) ./...
	@echo "make verify: all packages passed with the reference data in $$QGAN_SHARED"

bench: ## benchmarks (BENCH=name chooses)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

lint: ## formatting, vet and staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted:" $$unformatted >&2; exit 1; fi
	go vet ./...
	@find . -mindepth 2 -name go.mod -not -path '*/testdata/*' | sort | while read -r mod; do \
		echo "go vet $${mod%/go.mod}"; (cd "$${mod%/go.mod}" && go vet ./...); done
	go run $(STATICCHECK) ./...

# Making an input smaller is bounded: its default of a minute can take the whole time.
fuzz: ## each fuzz target for FUZZTIME
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$pkg; \
		done; \
	done

generate: ## generated files, anew
	go generate ./...

golden: ## expected output of tests, anew; look at the difference before keeping it
	@dirs=$$({ grep -rlE 'flag\.Bool(Var)?\(.*"update"' --include='*_test.go' . || true; } | xargs -r -n1 dirname | sort -u); \
	if [ -z "$$dirs" ]; then echo "make golden: no package has a flag -update"; exit 0; fi; \
	go test -count=1 $$dirs -update; \
	if [ -z "$${QGAN_SHARED:-}" ]; then echo "make golden: QGAN_SHARED is not set, so what is cut from the reference data stays as it is"; fi

referee: build ## another program reads what ours wrote (QGAN_PYTHON: an interpreter that has referee/requirements.txt)
	$(QGAN_PYTHON) referee/circuits.py --qgan bin/qgan $(RUNS)
	$(QGAN_PYTHON) referee/readers.py --qgan bin/qgan
	$(QGAN_PYTHON) referee/noisy.py --qgan bin/qgan
	$(QGAN_PYTHON) referee/once.py --qgan bin/qgan
	$(QGAN_PYTHON) referee/resume.py --qgan bin/qgan
	$(MAKE) recordings
	$(MAKE) services

recordings: build ## Elephant, pynapple, pynwb and scipy on the recordings, the statistics and the judgement of samples (CLIENTS-neuro: their virtual environment)
	@test -x $(CLIENTS)-neuro/bin/python || { $(QGAN_PYTHON) -m venv $(CLIENTS)-neuro && $(CLIENTS)-neuro/bin/pip install -q -r referee/neuro.txt; }
	$(CLIENTS)-neuro/bin/python referee/recordings.py --qgan bin/qgan
	$(CLIENTS)-neuro/bin/python referee/score.py --qgan bin/qgan

queues: ## a study of 200 trainings over a NATS server and four workers, one of which is killed every 10 s
	cd training/study/natstest && QGAN_LONG=1 go test -count=1 -timeout 60m -v -run Killed ./...

performance: build ## times qgan beside its peers and writes docs/performance.md (CLIENTS-performance: their virtual environment)
	@test -x $(CLIENTS)-performance/bin/python || $(QGAN_PYTHON) -m venv $(CLIENTS)-performance
	@while read -r package; do $(CLIENTS)-performance/bin/pip install -q $$package || echo "$$package does not install here: its rows are left out"; done <referee/performance.txt
	$(CLIENTS)-performance/bin/python referee/performance.py --qgan bin/qgan --write

bench-check: build ## finds work that became slower than in the kept table, beside the peers that make performance installed
	@test -x $(CLIENTS)-performance/bin/python || { echo "make bench-check: make performance installs the peers" >&2; exit 2; }
	$(CLIENTS)-performance/bin/python referee/performance.py --qgan bin/qgan --check

services: build ## the services' official clients against the emulators (CLIENTS: where their virtual environments are made)
	@test -x $(CLIENTS)/bin/python || { $(QGAN_PYTHON) -m venv $(CLIENTS) && $(CLIENTS)/bin/pip install -q -r referee/services.txt; }
	@test -x $(CLIENTS)-iqm/bin/python || { $(QGAN_PYTHON) -m venv $(CLIENTS)-iqm && $(CLIENTS)-iqm/bin/pip install -q -r referee/iqm.txt; }
	$(QGAN_PYTHON) referee/services.py --qgan bin/qgan --clients $(CLIENTS)/bin/python --iqm $(CLIENTS)-iqm/bin/python

# What a program says of itself, written by itself: manual pages and completion scripts.
share:
	rm -rf dist/build/share
	mkdir -p dist/build/share/man1 dist/build/share/completions
	bin/qgan __manual dist/build/share/man1
	bin/qgan completion bash > dist/build/share/completions/qgan.bash
	bin/qgan completion zsh > dist/build/share/completions/_qgan
	bin/qgan completion fish > dist/build/share/completions/qgan.fish
	bin/qgan completion powershell > dist/build/share/completions/qgan.ps1

install: build share ## the program, manual pages and completions (PREFIX=/usr/local, DESTDIR=)
	install -D -m 755 bin/qgan "$(DESTDIR)$(PREFIX)/bin/qgan"
	install -d "$(DESTDIR)$(PREFIX)/share/man/man1"
	install -m 644 dist/build/share/man1/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1"
	install -D -m 644 dist/build/share/completions/qgan.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/qgan"
	install -D -m 644 dist/build/share/completions/_qgan "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_qgan"
	install -D -m 644 dist/build/share/completions/qgan.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/qgan.fish"

dist: build ## archives for all platforms and a container image, with checksums, the same bytes from the same commit
	rm -rf dist
	$(MAKE) -s share
	@for p in $(PLATFORMS); do \
		exe=qgan; if [ "$${p%/*}" = windows ]; then exe=qgan.exe; fi; \
		echo "build $$p"; \
		GOFLAGS= CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} GOAMD64=v1 GOARM64=v8.0 go build -trimpath -buildvcs=false \
			-ldflags "-s -w -buildid= -X main.version=$(VERSION) -X main.commit=$(COMMIT)" \
			-o "dist/build/$${p/\//_}/$$exe" ./cmd/qgan; \
	done
	cd .ci/tools && GOFLAGS= go run ./dist -root "$(CURDIR)" -version "$(VERSION)" -epoch "$(SOURCE_DATE_EPOCH)" $(PLATFORMS)
	rm -rf dist/build
	@cat dist/SHA256SUMS

clean: ## what the targets above have built
	rm -rf bin dist

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12
