# make app    install what is needed and start the app (PORT=8501; HOST=0.0.0.0 lets others in, see SECURITY.md)
# make test   install what is needed, browser included, and run every check
# make coverage  branch coverage of emo_core by all tests but those in a browser; at least 92 %
# make pythons   the package and its tests with every Python that it promises and that is here
# make model  rebuild the shipped bundles (FERPLUS=folder with train.npz and valid.npz, ICT=ict_face.npz,
#             PORTRAITS=pictures with labels.csv, REAL=real clips with segments.csv)
PYTHON ?= python3.11
PORT ?= 8501
# HOST only from the command line: some shells export one of their own
HOST = 127.0.0.1
FERPLUS ?= data/ferplus
ICT ?= data/ict_face/ict_face.npz
PORTRAITS ?= data/portraits
REAL ?= data/real_clips
BIN := .venv/bin

.PHONY: app test programs check others cameras slow coverage pythons model bench clean
.DELETE_ON_ERROR:

app: .venv/app.stamp
	$(BIN)/streamlit run streamlit_app.py --server.port $(PORT) --server.address $(HOST)

# Browsers wait now and then, so three share two cores. What a camera brings in a second counts, so beside its tests runs
# only what takes no more of the processor than they leave.
SIDE_BY_SIDE := --dist loadfile --no-loadscope-reorder  # files in the order of tests/conftest.py, longest first
SLOW := tests/unit/training tests/unit/video  # they take long and have no clock
LEFT_OVER := $(shell chrt --idle 0 true 2>/dev/null && echo chrt --idle 0 || echo nice -n 19)
WHOLE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)  # what each prints, where make can keep it apart
test: .venv/bin/python
	$(MAKE) --no-print-directory --jobs=3 .venv/dev.stamp programs
	$(MAKE) --no-print-directory --jobs=2 check others
	$(BIN)/python -m pytest -n 3 $(SIDE_BY_SIDE) -m "not camera" tests/e2e
	$(MAKE) --no-print-directory --jobs=2 $(WHOLE) cameras slow

programs:
	sh tools/ensure_browser.sh
	sh tools/ensure_servers.sh

others: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 $(SIDE_BY_SIDE) --ignore=tests/e2e $(addprefix --ignore=,$(SLOW))

cameras: .venv/dev.stamp
	$(BIN)/python -m pytest -m camera tests/e2e

slow: .venv/dev.stamp
	$(LEFT_OVER) $(BIN)/python -m pytest -n 2 $(SIDE_BY_SIDE) $(SLOW)

coverage: .venv/dev.stamp
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 $(SIDE_BY_SIDE) --ignore=tests/e2e
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

pythons:
	sh tools/try_pythons.sh

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Resumable at every step: clips that are there are not rendered again, trainings go on from their checkpoints.
MORE := data/more_people
REFINED = $(BIN)/python tools/refine_frames.py --data $(FERPLUS) --start build/third --rendered $(MORE)/manifest.csv \
	--portraits $(PORTRAITS) --half-precision --epochs 8 --average 0.995 --mixing 0.3 --kept 0.2
model: .venv/app.stamp .venv/refine.stamp .venv-render/stamp
	.venv-render/bin/python tools/render_clips.py render --ict $(ICT)
	.venv-render/bin/python tools/render_clips.py render --ict $(ICT) --first 101 --people 30 --out $(MORE)
	$(BIN)/python -m emo_core train-frames --data $(FERPLUS) --out build/first
	$(BIN)/python tools/refine_frames.py --data $(FERPLUS) --start build/first \
		--rendered $(MORE)/manifest.csv --weights .cache/refined.npz
	$(BIN)/python -m emo_core train-frames --data $(FERPLUS) --out build/second --weights .cache/refined.npz
	$(BIN)/python tools/refine_frames.py --data $(FERPLUS) --start build/second \
		--rendered $(MORE)/manifest.csv --weights .cache/refined-2.npz \
		--epochs 16 --learning-rate 5e-4 --last-rate 0.1 --average 0.998
	$(BIN)/python -m emo_core train-frames --data $(FERPLUS) --out build/third --weights .cache/refined-2.npz --plain
	$(REFINED) --weights .cache/refined-3.npz --learning-rate 4e-4 --stills-in-batch 72 --portraits-in-batch 40
	$(REFINED) --weights .cache/refined-4.npz --learning-rate 3e-4 --stills-in-batch 88 --portraits-in-batch 32 --seed 8
	$(REFINED) --weights .cache/refined-5.npz --learning-rate 4e-4 --stills-in-batch 72 --portraits-in-batch 40 --seed 9
	$(BIN)/python -m emo_core train-frames --data $(FERPLUS) --out models/hybrid --plain --sadness 0.5 \
		--weights .cache/refined-3.npz --weights .cache/refined-4.npz --weights .cache/refined-5.npz
	$(BIN)/python -m emo_core train --data $(FERPLUS) --portraits $(PORTRAITS) --out models/hybrid
	$(BIN)/python -m emo_core fit-decision --data $(FERPLUS) --real $(REAL) --out models/hybrid
	$(BIN)/python -m emo_core fit-presence --data $(FERPLUS) --out models/hybrid
	$(BIN)/python -m emo_core evaluate-frames $(PORTRAITS) --part measure --model models/hybrid --record
	$(BIN)/python -m emo_core ablate --data $(FERPLUS) --out models/hybrid --seeds 4 --jobs 2
	$(BIN)/python -m emo_core protocols --out models/hybrid
	$(BIN)/python -m emo_core check-heatmaps --data $(FERPLUS) --out models/hybrid
	$(BIN)/python -m emo_core train --recipe published --data assets/demo --real $(REAL) --out models/published
	$(BIN)/python tools/evaluate_demo.py

bench: .venv/app.stamp
	$(BIN)/python tools/bench.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	sh tools/make_venv.sh $(PYTHON)

INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/python -m compileall -qq -x '/tests/' -j 0 .venv/lib || true  # by all cores; some files are no Python 3
.venv/app.stamp: .venv/bin/python requirements.txt constraints.txt
	$(INSTALL) --no-compile -r requirements.txt
	$(COMPILE)
	touch $@

# pip unpacks one package after the other, so two of it share them: constraints.txt names all, and nothing is left to settle.
.venv/part-%.stamp: .venv/bin/python constraints.txt
	-awk '/==/ && NR % 2 == $*' constraints.txt >.venv/part-$* && $(INSTALL) --no-compile --no-deps -r .venv/part-$*
	touch $@

.venv/dev.stamp: .venv/part-0.stamp .venv/part-1.stamp requirements.txt requirements-dev.txt
	$(INSTALL) --no-compile -r requirements-dev.txt
	$(COMPILE)
	touch .venv/app.stamp $@

.venv/refine.stamp: .venv/app.stamp tools/requirements-refine.txt
	$(INSTALL) -r tools/requirements-refine.txt
	touch $@

.venv-render/stamp: tools/requirements-render.txt
	$(PYTHON) -m venv .venv-render
	.venv-render/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@
