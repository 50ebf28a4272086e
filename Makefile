# One command for each thing to do. The work is in packaging/*.sh, which a person can read; CARGO_TARGET_DIR is respected.

.DEFAULT_GOAL := help
.PHONY: help run lab test build deb lint bench soak fuzz assets deps deps-test

help: ## show this
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: deps ## bring up a box to try, and print its address
	@packaging/run.sh

lab: deps-test ## boot two Debian boxes with the package, and print their addresses
	@packaging/lab.sh

test: deps-test ## all tests
	@packaging/test.sh

lint: deps ## format, clippy, dependencies' licences and advisories
	@packaging/lint.sh

build: deps assets ## the program that ships, in target/release
	@packaging/stage.sh "release build" cargo build --locked --release --bin gatehouse

deb: build ## the Debian package of it, in target/deb
	@packaging/stage.sh "package" packaging/deb/make.sh

bench: deps-test assets ## measure the program that ships, beside others in the same run
	@packaging/bench.sh

soak: deps-test ## kill the agent at least 1,000 times in the middle of a change
	@packaging/stage.sh "soak" packaging/test.sh soak

fuzz: deps ## look for bytes from outside that end a process; FUZZ_SECONDS for each target
	@packaging/stage.sh "fuzz" packaging/fuzz.sh

assets: deps ## what the browser downloads
	@packaging/stage.sh "assets" packaging/assets/build.sh

deps: ## install what building and running need
	@packaging/stage.sh "dependencies" packaging/deps.sh run

deps-test:
	@packaging/stage.sh "dependencies" packaging/deps.sh run test
