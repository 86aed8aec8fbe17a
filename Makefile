# make demo      build, and serve the sample company on 127.0.0.1:7300
# make test      install what the tests need, and run them
# make check     format, lint, links, documentation, tests
# make docs      .build/docs: the documentation of the SDK, its links and snippets checked
# make bench     measure against nginx, Envoy, the Python SDK and vendors' Python clients, side by side
# make bench-allocations   count the allocations of SDK and connectors against Benchmarks/Thresholds
# make fuzz      throw mutated input at everything that takes any, SECONDS_EACH=60 a target
# make release   dist/sluice: one binary with the Swift runtime inside
# make sanitize  the tests under Thread Sanitizer
.PHONY: demo test check docs bench bench-allocations fuzz release sanitize format setup clean

STATE ?= .build/demo
LISTEN ?= 127.0.0.1:7300

# What is measured is built as what is released (scripts/release.sh).
MEASURED := -c release --scratch-path .build/measure --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

demo: setup
	@scripts/build.sh --product sluice
	@.build/debug/sluice demo --listen $(LISTEN) --state $(STATE)

test: setup
	@scripts/test.sh

check: setup
	@scripts/check.sh
	@scripts/test.sh
	@scripts/scaffold-check.sh --if-warm
	@scripts/docs.sh

docs: setup
	@scripts/build.sh --build-tests
	@scripts/docs.sh

bench: setup
	@Benchmarks/kit/setup.sh
	@scripts/release.sh
	@Benchmarks/kit/bench.py --sluice dist/sluice
	@scripts/build.sh $(MEASURED) --product sdk-bench
	@Benchmarks/SDK/compare.py
	@.build/measure/release/sdk-bench allocations
	@scripts/build.sh $(MEASURED) --product everything-server
	@Benchmarks/streams.py --server .build/measure/release/everything-server
	@scripts/build.sh $(MEASURED) --product connector-bench
	@scripts/python.sh
	@Benchmarks/Connectors/compare.py
	@.build/measure/release/connector-bench load
	@.build/measure/release/connector-bench allocations

bench-allocations: setup
	@scripts/build.sh $(MEASURED) --product sdk-bench
	@.build/measure/release/sdk-bench allocations
	@scripts/build.sh $(MEASURED) --product connector-bench
	@.build/measure/release/connector-bench allocations

fuzz: setup
	@scripts/fuzz.sh

release: setup
	@scripts/release.sh

sanitize: setup
	@scripts/sanitize.sh

format:
	@swift format format --in-place --recursive --parallel Sources Tests Fuzz Benchmarks Package.swift

setup:
	@scripts/setup.sh

clean:
	rm -rf .build dist
