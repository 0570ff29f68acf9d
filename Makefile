# make app    install what is needed and start the app (PORT=8501)
# make test   install what is needed, browser included, and run every check
# make model  rebuild the shipped bundle (FERPLUS=folder with train.npz and valid.npz)
PYTHON ?= python3.11
PORT ?= 8501
FERPLUS ?= data/ferplus
BIN := .venv/bin

.PHONY: app test check model bench clean
.DELETE_ON_ERROR:

app: .venv/app.stamp
	$(BIN)/streamlit run streamlit_app.py --server.port $(PORT)

test: .venv/dev.stamp check
	sh tools/ensure_browser.sh
	$(BIN)/python -m pytest

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

model: .venv/app.stamp
	$(BIN)/python -m emo_core train-frames --data $(FERPLUS) --out models/hybrid
	$(BIN)/python -m emo_core train --data $(FERPLUS) --out models/hybrid

bench: .venv/app.stamp
	$(BIN)/python tools/bench.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	sh tools/make_venv.sh $(PYTHON)

.venv/app.stamp: .venv/bin/python requirements.txt constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev.stamp: .venv/app.stamp requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
