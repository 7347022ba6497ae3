# Align-TI: distil a large multimodal language model into a small one.
#
#   make distill                                  everything, from nothing to a table of scores
#   make distill PIPELINE=groceries DATA=folder   the same chain on other data
#   make table3 SEEDS=3                           one comparison of the paper; make paper: all of them
#   make exposure                                 how much the students' errors add up on their own text
#   make efficiency                               what the models and the trainings cost
#   make report                                   a page about the run: runs/demo/report/report.html
#   make watch                                    how far the training is
#   make test                                     all tests
#
# Every arrow below is one stage that reads files and writes a folder; the folder's receipt.json is the target. A stage
# can be run alone: .build/release/<stage> --help.

PIPELINE ?= demo
P := pipelines/$(PIPELINE)
# Results of the run, and the store of teacher outputs that all runs share.
B ?= runs/$(PIPELINE)
CACHE ?= cache
# Put in front of long stages, such as `nice -n 10`.
LAUNCH ?=

BIN := .build/release
# `make V=1` shows the commands.
Q := $(if $(V),,@)
title = @printf '\n== %s\n' '$(patsubst $(B)/%,%,$(@D))'
STAGES := $(notdir $(patsubst %/main.swift,%,$(wildcard Sources/*/main.swift)))
DEBIAN_PACKAGES := libopenblas-dev libdnnl-dev libzstd-dev libarchive-dev libssl-dev libjpeg62-turbo-dev libpng-dev libwebp-dev gnuplot-nox

# OpenBLAS picks its kernels by the processor; an inherited choice would hold it back. On make's command line it counts.
ifneq ($(origin OPENBLAS_CORETYPE),command line)
unexport OPENBLAS_CORETYPE
endif
export ALIGN_TI_VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: distill exposure efficiency report watch test bench bench-peers build setup clean help
distill: $(B)/scores/receipt.json
	@cat $(B)/scores/table.txt
	@echo 'make report$(if $(filter-out demo,$(PIPELINE)), PIPELINE=$(PIPELINE)) writes a page about this run'

exposure: $(B)/exposure/receipt.json
	@cat $(<D)/table.txt
efficiency: $(B)/efficiency/receipt.json
	@cat $(<D)/table.txt

# A stage's recipe, and the recipes it says it is based on.
bases = $(foreach file,$(1),$(addprefix $(dir $(file)),$(shell sed -n 's/^base: *//p' $(file) 2>/dev/null)))
recipe = $(P)/$(1).yaml $(call bases,$(P)/$(1).yaml) $(call bases,$(call bases,$(P)/$(1).yaml))

# What a pipeline says: WORLD (how the data comes to be), TOKENIZER, PRETRAIN_DATA, TRAIN_DATA, DISTILL_DATA, *_IMAGES, BENCHMARKS;
# HELDOUT_DATA, for `make exposure`: samples with long answers that nothing is trained on.
include $(P)/pipeline.mk

# --- data: conversations and images become shards of token ids (the teacher's tokenizer, image placeholder included) and pixels ------------------------------------------------
shards = $(LAUNCH) $(BIN)/pack-shards --config $< --data $(1) --images $(2) --tokenizer $(B)/teacher-start/tokenizer.json --out $(@D)

$(B)/shards/pretrain/receipt.json: $(call recipe,pack) $(B)/teacher-start/receipt.json $(DATA_READY) | build
	$(title)
	$(Q)$(call shards,$(PRETRAIN_DATA),$(PRETRAIN_IMAGES))
$(B)/shards/train/receipt.json: $(call recipe,pack) $(B)/teacher-start/receipt.json $(DATA_READY) | build
	$(title)
	$(Q)$(call shards,$(TRAIN_DATA),$(TRAIN_IMAGES))
$(B)/shards/distill/receipt.json: $(call recipe,pack) $(B)/teacher-start/receipt.json $(DATA_READY) | build
	$(title)
	$(Q)$(call shards,$(DISTILL_DATA),$(DISTILL_IMAGES))
$(B)/shards/heldout/receipt.json: $(call recipe,pack) $(B)/teacher-start/receipt.json $(DATA_READY) | build
	$(title)
	@test -n "$(HELDOUT_DATA)" || { echo "make: $(P)/pipeline.mk names no HELDOUT_DATA: samples with long answers that are not trained on" >&2; exit 1; }
	$(Q)$(call shards,$(HELDOUT_DATA),$(HELDOUT_IMAGES)) $(HELDOUT_OPTIONS)

# --- teacher: from random weights or published checkpoints, first on captions, then on conversations ------------------------
train = $(LAUNCH) $(BIN)/train-student --config $< --out $(@D)

$(B)/teacher-start/receipt.json: $(call recipe,teacher-model) $(DATA_READY) | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< --tokenizer $(TOKENIZER) $(TEACHER_PARTS) --out $(@D)
$(B)/teacher-pretrained/receipt.json: $(call recipe,teacher-pretrain) $(B)/teacher-start/receipt.json $(B)/shards/pretrain/receipt.json | build
	$(title)
	$(Q)$(train) --model $(B)/teacher-start --shards $(B)/shards/pretrain
$(B)/teacher/receipt.json: $(call recipe,teacher) $(B)/teacher-pretrained/receipt.json $(B)/shards/train/receipt.json | build
	$(title)
	$(Q)$(train) --model $(B)/teacher-pretrained --shards $(B)/shards/train

# --- teacher outputs: computed once, shared by every student ----------------------------------------------------------------
$(B)/teacher-outputs/receipt.json: $(call recipe,cache) $(B)/teacher/receipt.json $(B)/shards/distill/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/cache-teacher --config $< --teacher $(B)/teacher --shards $(B)/shards/distill --cache $(CACHE) --out $(@D)

# --- students: the teacher's vision tower, a smaller language model; a common start, then one run per objective -------------
$(B)/student-start/receipt.json: $(call recipe,student-model) $(B)/teacher/receipt.json | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< --tokenizer $(TOKENIZER) --vision $(B)/teacher $(STUDENT_PARTS) --out $(@D)
$(B)/student-pretrained/receipt.json: $(call recipe,student-pretrain) $(B)/student-start/receipt.json $(B)/shards/pretrain/receipt.json | build
	$(title)
	$(Q)$(train) --model $(B)/student-start --shards $(B)/shards/pretrain
$(B)/sft/receipt.json: $(call recipe,sft) $(B)/student-pretrained/receipt.json $(B)/shards/distill/receipt.json | build
	$(title)
	$(Q)$(train) --model $(B)/student-pretrained --shards $(B)/shards/distill
$(B)/align-ti/receipt.json: $(call recipe,align-ti) $(B)/student-pretrained/receipt.json $(B)/shards/distill/receipt.json $(B)/teacher-outputs/receipt.json | build
	$(title)
	$(Q)$(train) --model $(B)/student-pretrained --shards $(B)/shards/distill --teacher $(B)/teacher \
	    --teacher-outputs $(B)/teacher-outputs --cache $(CACHE)

# --- scores: answers of every model to every benchmark, then one table ----------------------------------------------------
MODELS := teacher sft align-ti
$(B)/answers/%/receipt.json: $(call recipe,answer) $(B)/%/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/answer-benchmarks --config $< --model $(B)/$* $(addprefix --benchmark ,$(BENCHMARKS)) --out $(@D)
$(B)/scores/receipt.json: $(call recipe,score) $(MODELS:%=$(B)/answers/%/receipt.json) | build
	$(title)
	$(Q)$(BIN)/score-benchmarks --config $< $(foreach model,$(MODELS),--model $(model)=$(B)/answers/$(model)) \
	    $(addprefix --benchmark ,$(BENCHMARKS)) --out $(@D) >/dev/null

# --- exposure bias and costs of the same models ----------------------------------------------------------------------------
STUDENTS = $(filter-out teacher,$(MODELS))
$(B)/exposure/receipt.json: $(call recipe,exposure) $(B)/teacher/receipt.json $(STUDENTS:%=$(B)/%/receipt.json) $(B)/shards/heldout/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/measure-exposure --config $< --teacher $(B)/teacher $(foreach model,$(STUDENTS),--student $(model)=$(B)/$(model)) \
	    --shards $(B)/shards/heldout --out $(@D) >/dev/null
$(B)/efficiency/receipt.json: $(call recipe,efficiency) $(MODELS:%=$(B)/%/receipt.json) | build
	$(title)
	$(Q)$(BIN)/measure-efficiency --config $< $(foreach model,$(MODELS),--model $(model)=$(B)/$(model)) \
	    $(foreach model,$(STUDENTS),--run $(model)=$(B)/$(model)) --out $(@D) >/dev/null

# --- comparisons: the rows of the paper's tables, over seeds ---------------------------------------------------------------
include pipelines/ablations/rules.mk

# --- the report: one page, from the receipts of whatever is there ------------------------------------------------------------
# It shows comparisons as they are and makes none; the stage knows itself whether anything has changed.
report: $(wildcard $(P)/report.yaml $(B)/exposure/receipt.json $(B)/efficiency/receipt.json) $(B)/scores/receipt.json | build
	@printf '\n== %s\n' $@
	$(Q)$(BIN)/write-report $(addprefix --config ,$(wildcard $(P)/report.yaml)) --run $(B) --out $(B)/report
	@echo $(B)/report/report.html

# Follows whatever is being trained below the run's folder; writes nothing.
watch: | build
	@$(BIN)/watch-training --run $(B)

# --- chores ------------------------------------------------------------------------------------------------------------------
# Building is an order-only prerequisite: a recompiled stage does not rerun a week of teacher.
SOURCES := Package.swift $(shell find Sources -type f)
build: .build/built
.build/built: $(SOURCES) | setup
	@printf '\n== build\n'
	swift build -c release
	@touch $@

test: setup
	swift test -c release --disable-testable-imports

# Figures of performance (docs/performance.md): CONFIG names shapes in pipelines/bench/ or files, ONLY figures, PRECISION fp32,bf16.
# With TOKENIZER a folder of a tokenizer.json, and TEXT a file. A finished pipeline adds how fast its student answers.
CONFIG ?= S T P
ONLY ?=
PRECISION ?= fp32
TEXT ?=
bench_options = $(foreach name,$(CONFIG),--config $(if $(findstring /,$(name)),$(name),pipelines/bench/$(name).json)) \
    $(if $(ONLY),--only $(ONLY)) --precision $(PRECISION) $(if $(TEXT),--text $(TEXT)) \
    $(if $(wildcard $(TOKENIZER)/tokenizer.json),--tokenizer $(TOKENIZER)/tokenizer.json)
trained = $(if $(wildcard $(B)/align-ti/receipt.json),--model $(B)/align-ti \
    --benchmark $(firstword $(filter pope=% groceries-yesno=%,$(BENCHMARKS))))
bench: | build
	@$(BIN)/bench-align-ti $(bench_options) $(trained)

# Ours and the peers' (PyTorch, tokenizers, Pillow) in turn; a run that was cut off goes on. ROUNDS times; FRESH=1 forgets earlier runs.
PEERS := .build/peers
ROUNDS ?= 3
bench-peers: $(PEERS)/installed | build
	@$(PEERS)/bin/python Tests/Peers/compare.py --ours $(BIN)/bench-align-ti $(bench_options) --rounds $(ROUNDS) \
	    --inputs $(PEERS)/inputs --results $(PEERS)/results.jsonl $(if $(FRESH),--fresh)
$(PEERS)/installed: Tests/Peers/requirements.txt
	python3 -m venv $(PEERS) || { echo "make: python3 cannot make environments; on Debian: sudo apt install python3-venv" >&2; exit 1; }
	$(PEERS)/bin/pip install -q -r $<
	@touch $@

# Missing Debian packages are installed where that is allowed, else named in the one line that installs them.
setup:
	@missing=$$(for package in $(DEBIAN_PACKAGES); do dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	if [ -n "$$missing" ]; then \
	    if [ $$(id -u) = 0 ]; then apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y $$missing; \
	    elif sudo -n true 2>/dev/null; then sudo apt-get update && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y $$missing; \
	    else echo "make: these packages are missing; install them with:  sudo apt install" $$missing >&2; exit 1; fi; \
	fi
	@command -v swift >/dev/null || { echo "make: swift is not on the PATH; install Swift 6.3 from https://swift.org/install" >&2; exit 1; }

# Forgets this pipeline's results; the store of teacher outputs stays.
clean:
	rm -rf $(B)

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile
	@echo "stages: $(STAGES)"
