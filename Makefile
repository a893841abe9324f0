# Fenlin. `make help` lists what can be made.

GOLANGCI := bin/tools/golangci-lint-v2.15.0
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 10s
ARGS     ?=

# Everything that ships is static. Only race runs need cgo: gorm's SQLite driver then compiles a C
# library that nothing calls, which takes 44 s optimised and 7 s not.
export CGO_ENABLED = 0
RACE = CGO_ENABLED=1 CGO_CFLAGS=-O0 go test -race

TEST_FLAGS := -timeout 20m

# What the Node program that tests start needs; npm writes this name last.
NODE := scripts/wecom-interop/node_modules/.package-lock.json

# What the board draws with, built in; without it the board shows numbers and tables.
CHARTS := internal/web/pages/board/charts.js

# The phone's pages, built in (miniprogram/README.md); without them /app/ says so.
CLIENT := internal/web/pages/app/index.html
MINIPROGRAM := miniprogram/dist/build/mp-weixin/app.json
CLIENT_MADE := miniprogram/src/pages.json miniprogram/src/made/pages.ts miniprogram/src/api/schema.d.ts
CLIENT_SOURCES := $(filter-out $(CLIENT_MADE),$(shell find miniprogram/src miniprogram/scripts -type f)) $(addprefix miniprogram/,index.html vite.config.ts tsconfig.json package-lock.json)
API := miniprogram/build/openapi.json
SITE ?=

# A machine without Node builds the binary without what Node makes.
BUILT_IN := $(if $(shell command -v npm),$(CHARTS) $(CLIENT),no-node)

# What Chinese words under printed codes are drawn with; Debian's, built in.
FONT := internal/placard/font/DroidSansFallbackFull.ttf.gz

.DEFAULT_GOAL := help

.PHONY: help
help: ## This list
	@echo "Fenlin $(VERSION)"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "FENLIN_TEST_DATABASE (mysql://user:password@host:port/), FENLIN_TEST_REDIS (redis://host:port/0) and"
	@echo "FENLIN_TEST_S3 name servers to test on; when empty, private ones are started (scripts/services)."

.PHONY: run
run: build ## Serve the sample city at http://127.0.0.1:8080/sim/ with nothing else installed; data in ./data (ARGS='--config FILE')
	exec bin/fenlin serve --demo $(ARGS)

.PHONY: build
build: $(FONT) $(BUILT_IN) ## Build bin/fenlin, one static binary
	go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/fenlin ./cmd/fenlin

.PHONY: no-node
no-node:
	@echo "npm is missing: building without the phone's pages and the board's charts; both say so where they would stand" >&2

.PHONY: client
client: $(CLIENT) miniprogram/build/checked miniprogram/build/refused ## Build the phone's pages and the mini-program (SITE=https://…: its server), check types, run their tests, hold it against what WeChat refuses

.PHONY: test
test: test-sqlite test-mariadb ## Run the whole suite twice: SQLite + in-process state, MariaDB + Redis

.PHONY: test-sqlite
test-sqlite: $(NODE) $(FONT) ## Run the suite on SQLite and in-process state, with the race detector
	@scripts/services need gcc gcc libc6-dev
	FENLIN_TEST_DATABASE= FENLIN_TEST_REDIS= FENLIN_TEST_S3= $(RACE) $(TEST_FLAGS) ./...

.PHONY: test-mariadb
test-mariadb: $(NODE) $(FONT) ## Run the suite on MariaDB, Redis and S3
	scripts/services run -- go test $(TEST_FLAGS) ./...

.PHONY: e2e
e2e: e2e-board e2e-phone e2e-mini ## Open the board and the phone's pages in Chromium, run the mini-program (MariaDB: scripts/services run -- make e2e); pictures in scripts/e2e/pictures

.PHONY: e2e-board
e2e-board: build scripts/e2e/node_modules/.package-lock.json chromium ## Hold the board against the API
	node scripts/e2e/board.mjs

.PHONY: e2e-phone
e2e-phone: build scripts/e2e/node_modules/.package-lock.json chromium ## Every page and journey of the phone, bad input, speed (ARGS='bad.mjs sign': parts of files and names)
	node scripts/e2e/phone.mjs $(ARGS)

.PHONY: e2e-mini
e2e-mini: build $(MINIPROGRAM) scripts/miniprogram/node_modules/.package-lock.json ## Run the built mini-program, every page of it, against the demo
	node scripts/miniprogram/render.mjs

.PHONY: chromium
chromium:
	@scripts/services need chromium chromium fonts-noto-cjk
	@fc-list :lang=zh 2>/dev/null | grep -q . || scripts/services install fonts-noto-cjk

.PHONY: fuzz
fuzz: ## Fuzz every fuzz test for FUZZTIME (10s) each
	@set -e; grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' cmd internal scripts | \
	while IFS=: read -r file func; do \
		echo "$$func ($$file)"; \
		go test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")"; \
	done

.PHONY: bench
bench: ## Measure what has a limit, each beside it (ARGS='…'; FENLIN_TEST_BINLOG=1 with MySQL's binary log)
	scripts/services run -- go run ./scripts/bench $(ARGS)

.PHONY: load
load: ## Play a storm day until it is too much and back, on MariaDB and Redis (ARGS='-replicas 2', '-short')
	scripts/services run -- go run ./scripts/load $(ARGS)

.PHONY: faults
faults: ## Let everything go wrong that may, and hold what people were told against what is kept; half an hour (ARGS='-only WeChat')
	scripts/services run -- go run ./scripts/faults $(ARGS)

.PHONY: eval
eval: ## Measure how sentences are understood, on those that nothing was learnt from (ARGS='--errors FILE.tsv')
	go run ./cmd/fenlin understand eval $(or $(ARGS),internal/understand/testdata/heldback.tsv)

.PHONY: train
train: ## Learn the weights of understanding from the labelled sentences (ARGS='-folds 6' measures by leaving out)
	go run ./scripts/train $(ARGS)

.PHONY: lint
lint: $(GOLANGCI) miniprogram/build/checked ## Check style, errors and the import table of the packages, the modules against go.sum, and the client's types and logic
	$(GOLANGCI) run ./...
	GOPROXY=off go mod verify

.PHONY: fmt
fmt: $(GOLANGCI) ## Format all Go code
	$(GOLANGCI) fmt ./...

.PHONY: clean
clean: ## Remove what was built; ./data stays
	rm -rf bin $(CHARTS) scripts/e2e/pictures $(wildcard scripts/*/node_modules) miniprogram/build miniprogram/dist miniprogram/node_modules $(CLIENT_MADE)
	find internal/web/pages/app -mindepth 1 ! -name README.md -delete

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin/tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(@:bin/tools/golangci-lint-%=%)
	mv bin/tools/golangci-lint $@

DROID := /usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf
$(FONT):
	@test -e $(DROID) || scripts/services install fonts-droid-fallback
	gzip -9nc $(DROID) >$@.new && mv $@.new $@

$(CHARTS): scripts/board-charts/charts.mjs scripts/board-charts/package.json scripts/board-charts/node_modules/.package-lock.json
	cd scripts/board-charts && npm run --silent build -- --outfile=$(CURDIR)/$@

# The API's document is asked anew when Go code changes, and is newer only when it says something else.
$(API): $(API).asked
	@:
$(API).asked: $(shell find cmd internal -name '*.go' ! -name '*_test.go') go.mod
	@mkdir -p $(@D)
	go run -trimpath ./cmd/fenlin openapi >$(API).new
	@cmp -s $(API).new $(API) || cp $(API).new $(API)
	@rm $(API).new; touch $@

miniprogram/src/api/schema.d.ts: $(API) miniprogram/node_modules/.package-lock.json
	cd miniprogram && npm run --silent api
	@touch $@

$(CLIENT): miniprogram/src/api/schema.d.ts $(CLIENT_SOURCES)
	cd miniprogram && npm run --silent h5
	find $(@D) -mindepth 1 ! -name README.md -delete
	cp -R miniprogram/dist/build/h5/. $(@D)/
	@touch $@

$(MINIPROGRAM): miniprogram/src/api/schema.d.ts $(CLIENT_SOURCES) miniprogram/build/site
	cd miniprogram && VITE_SITE='$(SITE)' npm run --silent mp
	@touch $@

miniprogram/build/checked: miniprogram/src/api/schema.d.ts $(CLIENT_SOURCES)
	cd miniprogram && npm run --silent check
	@touch $@

# What WeChat refuses, and that the check finds it: planted breakages, when the check itself changes.
miniprogram/build/refused: $(MINIPROGRAM) miniprogram/build/proven
	node scripts/miniprogram/check.mjs $(<D) $(SITE)
	@touch $@
miniprogram/build/proven: scripts/miniprogram/check.mjs scripts/miniprogram/check.test.mjs scripts/miniprogram/node_modules/.package-lock.json | $(MINIPROGRAM)
	SITE='$(SITE)' node --test scripts/miniprogram/check.test.mjs
	@touch $@

.PHONY: always
miniprogram/build/site: always
	@mkdir -p $(@D); echo '$(SITE)' | cmp -s - $@ || echo '$(SITE)' >$@

%/node_modules/.package-lock.json: %/package-lock.json
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund
	@touch $@
