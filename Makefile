# Every target sets up what it needs, without root, and may be run again at any time.
# Wants git, make and python3 >= 3.11 with venv; PYTHON=/path/to/python names another one.

PY := .venv/bin/python
# A process for each core; a test file stays whole, so that its fixtures are made once.
WORKERS := -n auto --dist loadfile
REQUIREMENTS := pyproject.toml $(wildcard requirements/*.txt) requirements/install
SOURCES := edge_infer convert firmware_bundle examples benchmarks docs tests

.DEFAULT_GOAL := help
.PHONY: help demo test test-camera test-deep test-crashes test-devices test-router score-router test-browser phone-pictures lab fuzz check format bench bench-conversion bench-camera bench-native coverage-native coverage runtimes test-runtimes pictures clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' Makefile

demo: .venv/made-for .device/made-for ## the main job on real digits: train, sign, convert, prove, bundle, predict offline
	@$(PY) -m examples.digits.demo $(ARGS)

test: .venv/made-for ## the tests, within five minutes; ARGS="-k name" to choose
	@$(PY) -m pytest -q $(WORKERS) -m "not deep" $(ARGS)

test-deep: .venv/made-for ## more of the kinds that `make test` shows
	@$(PY) -m pytest -q $(WORKERS) -m deep $(ARGS)

test-devices: .venv/made-for ## the digits on emulated ARM, MIPS and RISC-V, offline; says what it skips
	@$(PY) -c 'import ziglang' 2>/dev/null || requirements/install .venv -r requirements/native.txt
	@EDGE_INFER_DEVICES=1 ZIG_GLOBAL_CACHE_DIR=$(CURDIR)/.devices/zig $(PY) -m pytest -q $(ARGS) tests/devices

test-browser: .venv/made-for firmware_bundle/web/node_modules/.package-lock.json ## the page in headless Chromium: models, pictures, camera, offline, tampering
	@tests/browser/install
	@EDGE_INFER_BROWSER=1 $(PY) -m pytest -q $(WORKERS) $(ARGS) tests/browser

phone-pictures: .venv/made-for firmware_bundle/web/node_modules/.package-lock.json ## the page's screenshots and figures, into docs/phone
	@EDGE_INFER_BROWSER=1 EDGE_INFER_BROWSER_FIGURES=$(CURDIR)/docs/phone $(PY) -m pytest -q $(ARGS) \
		tests/browser/test_states.py tests/browser/test_models.py tests/browser/test_figures.py
	@$(PY) docs/pictures/phone.py

test-crashes: .venv/made-for ## every cut and every failure of an installation, not a sample; two minutes of a core
	@EDGE_INFER_EVERY_CRASH=1 $(PY) -m pytest -q -n auto --dist worksteal -rP $(ARGS) tests/firmware_bundle/test_crash_points.py \
		tests/firmware_bundle/test_killed.py tests/firmware_bundle/test_update_cases.py

test-router: .venv/made-for ## the router's firewall between real hosts in namespaces; needs root; says what it skips
	@EDGE_INFER_ROUTER=1 $(PY) -m pytest -q $(ARGS) tests/examples/router/namespaces

test-camera: .venv/made-for ## the camera's scores on labelled recordings, where EDGE_INFER_DATA has them
	@EDGE_INFER_CAMERA=1 $(PY) -m pytest -q $(ARGS) tests/examples/camera

score-router: .venv/made-for ## the router's model on recordings held out, where EDGE_INFER_DATA has them; some minutes
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.router.score --check

lab: .venv/made-for ## record labelled traffic of real servers, clients and attacks into .lab; needs root
	@$(PY) -m examples.router.lab --out .lab $(ARGS)

fuzz: .venv/made-for ## hostile bytes for every reader, led by coverage; ARGS="--seconds 3600" for an hour on each
	@$(PY) -c 'import atheris' 2>/dev/null || requirements/install .venv -r requirements/fuzz.txt
	@$(PY) tests/fuzz/fuzz.py $(ARGS)

check: .venv/made-for ## format, lint, types, then the tests
	@echo "format"; $(PY) -m ruff format --quiet --check --diff $(SOURCES)
	@echo "lint"; $(PY) -m ruff check --quiet $(SOURCES)
	@echo "types"; $(PY) -m mypy --strict --no-error-summary -p edge_infer -p convert -p firmware_bundle \
		-p examples.camera -p examples.digits -p examples.router
	@$(MAKE) --no-print-directory test

format: .venv/made-for ## let ruff format and mend what it can
	@$(PY) -m ruff format --quiet $(SOURCES)
	@$(PY) -m ruff check --quiet --fix $(SOURCES)

bench: .venv/made-for .device/made-for ## measure beside scikit-learn and bare onnxruntime; about three minutes
	@$(PY) benchmarks/main_job.py $(ARGS)

bench-conversion: .venv/made-for ## conversion, proof, size and one row beside plain skl2onnx
	@$(PY) benchmarks/conversion.py $(ARGS)

bench-camera: .venv/made-for ## the camera's motion, faces and loop beside their peers, into its README; twenty minutes
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.camera.motion --out benchmarks/camera/motion.json
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.camera.loop --out benchmarks/camera/loop.json $(ARGS)
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.camera.faces --out docs/faces.json
	@$(PY) docs/pictures/faces.py
	@$(PY) -m examples.camera.figures

bench-native: .peers/made-for ## compiled models beside onnxruntime, emlearn, m2cgen and tl2cgen, into docs/native.md; ten minutes
	@.peers/bin/python benchmarks/native/native.py --write $(ARGS)
	@.peers/bin/python docs/pictures/native.py

coverage-native: .venv/made-for ## which estimators are compiled, into docs/native-coverage.md; four minutes of a core
	@$(PY) -u -m benchmarks.native.coverage $(ARGS)

# Plain skl2onnx stands beside it on the page, and nothing that is changed here changes it.
coverage: .venv/made-for ## every estimator of scikit-learn on every data set, into docs/coverage.md; within 20 minutes
	@OMP_NUM_THREADS=1 $(PY) -u -m benchmarks.coverage.run $(if $(CI),--no-plain) $(ARGS)

test-runtimes: .venv/made-for ## today's artifacts on every onnxruntime, without the tests of the converters
	@OMP_NUM_THREADS=1 $(PY) -u -m benchmarks.runtimes.run --artifacts $(ARGS)

runtimes: .venv/made-for ## today's artifacts and the converters' tests on every onnxruntime from 1.21 on, into docs/runtimes.md; half an hour of a core
	@OMP_NUM_THREADS=1 $(PY) -u -m benchmarks.runtimes.run $(ARGS)

pictures: .venv/made-for ## draw the pictures of the documentation again
	@$(PY) docs/pictures/flow.py
	@$(PY) docs/pictures/latency.py
	@$(PY) docs/pictures/native.py
	@$(PY) docs/pictures/faces.py
	@$(PY) -m examples.camera.figures
	@$(PY) docs/pictures/icon.py
	@$(PY) docs/pictures/router.py
	@$(PY) -m benchmarks.router.page
	@$(PY) docs/pictures/report.py

clean: ## remove the environments and everything else that was made
	@rm -rf .venv .device .peers .devices .fuzz .runtimes .lab .camera build dist *.egg-info examples/router/compiled/built
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -not -path './examples/router/models/*' -type d -prune -exec rm -rf {} +

# An environment is made again when its directory was moved or its Python has gone.
define stale
$(shell $(1)/bin/python -c 'import sys; sys.stdout.write(open("$(1)/made-for").read())' 2>/dev/null \
	| grep -Fqx '$(CURDIR)' || echo stale)
endef

ifeq ($(strip $(call stale,.venv)),stale)
.PHONY: .venv/made-for
endif
.venv/made-for: $(REQUIREMENTS)
	@requirements/install .venv -e '.[runtime,convert,camera,dev,phone]'
	@echo '$(CURDIR)' >$@

# What a device has: numpy and the runtime, at the versions that conversion is tested with,
# and nothing of the workstation.
ifeq ($(strip $(call stale,.device)),stale)
.PHONY: .device/made-for
endif
.device/made-for: $(REQUIREMENTS)
	@requirements/install .device numpy -r requirements/runtime.txt -c requirements/convert.txt
	@echo '$(CURDIR)' >$@

# What the page runs on, and what its tests need, at the versions of the lock.
firmware_bundle/web/node_modules/.package-lock.json: firmware_bundle/web/package-lock.json
	@echo "npm ci (log: .venv/npm.log)"
	@npm ci --ignore-scripts --no-audit --no-fund --prefix firmware_bundle/web >.venv/npm.log 2>&1 \
		|| { tail -n 20 .venv/npm.log >&2; echo "npm failed; it needs Node.js and a network" >&2; exit 1; }
	@touch $@

# What the benchmark of compiled models compares with, apart from what this project needs.
ifeq ($(strip $(call stale,.peers)),stale)
.PHONY: .peers/made-for
endif
.peers/made-for: $(REQUIREMENTS)
	@requirements/install .peers -e '.[runtime,convert]' -r requirements/peers.txt
	@echo '$(CURDIR)' >$@
