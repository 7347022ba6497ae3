# Align-TI: distil a large multimodal language model into a small one.
#
#   make distill                                  everything, from nothing to a table of scores
#   make distill PIPELINE=groceries DATA=folder   the same chain on other data
#   make table15 SEEDS=3                          one table of the paper, by its number; make paper: all
#   make table11 PIPELINE=llama                   the paper's other family of models
#   make distill PIPELINE=photographs PRETRAINED=models DATA=folder   trained models, real photographs
#   make distill PIPELINE=qwen2-0.5b              the paper's own models, data and settings
#   make fetch DATASET='pope coco-2014'           published data and models, by docs/data.md
#   make check                                    recipes, data and benchmarks of a pipeline, before training
#   make plan                                     hours, memory and disk of a pipeline's trainings
#   make checkpoints                              scores by step, where recipes say checkpoint: {every: 500}
#   make exposure                                 how much the students' errors add up on their own text
#   make efficiency                               what the models and the trainings cost
#   make report                                   a page about the run: runs/demo/report/report.html
#   make watch                                    how far the training is
#   make test                                     all tests
#   make bench-llama-cpp                          decoding and reading a prompt beside llama.cpp
#   make check-transformers                       the student asked by transformers 5 and 4, answers compared
#   make lint                                     form of the code: layout, columns, shell scripts
#   make mpi                                      what LAUNCH='mpirun -n 4' needs (docs/scaling.md)
#   make test-sanitize                            all tests under the sanitizer of addresses, or of threads
#   make fuzz FUZZ='--executions 1000000'         mutated inputs for every parser, a minute unless told
#   make test-faults                              kills, full disks, flipped bits, and what comes of them
#
# What can be said on the command line, here with examples:
#
#   PIPELINE=demo                   which recipes: a folder of pipelines/, such as smoke or your own
#   B=runs/demo                     folder of the results; runs/<PIPELINE> unless given
#   CACHE=cache                     folder of the store of teacher outputs, which all runs share
#   DATA=data/groceries             folder of the data, where the pipeline draws none itself
#   DATASET=pope                    what make fetch brings, into DATA/pope
#   MIRROR=/mnt/mirror              where it comes from instead: a folder, or an address
#   TOKENIZER=models/qwen2-0.5b     folder of a published tokenizer.json, where the pipeline trains none
#   TEACHER=models/teacher          folder of a finished teacher, where the pipeline trains none
#   PRETRAINED=models               folder of published checkpoints, where the pipeline begins with some
#   MODELS='teacher sft align-ti'   the models that are answered, scored and measured: the teacher, and
#                                   students by the names of their recipes; seq-kd learns from answers that
#                                   the teacher writes
#   SEEDS=1                         replicates of each row of a comparison, each with a start of its own
#   TEACHERS=1                      teachers, each from a seed of its own, that comparisons are made with
#   LAUNCH='mpirun -n 2'            is put in front of long stages; nothing unless given
#   FORCE=1                         stages that run begin anew, whatever they find; what an unfinished
#                                   training left is kept aside. FORCE=align-ti: only that folder's
#   V=1                             shows the commands
#
# Every rule below runs one stage, which reads files and writes a folder; the folder's receipt.json is the
# target. A stage can be run alone: .build/release/<stage> --help.

PIPELINE ?= demo
override PIPELINE := $(patsubst %/,%,$(PIPELINE))
P := pipelines/$(PIPELINE)
$(if $(wildcard $(P)/pipeline.mk),,$(error there is no pipeline '$(PIPELINE)'; there are: $(sort $(patsubst \
    pipelines/%/pipeline.mk,%,$(wildcard pipelines/*/pipeline.mk)))))
# Results of the run, and the store of teacher outputs that all runs share.
B ?= runs/$(PIPELINE)
override B := $(patsubst ./%,%,$(patsubst %/,%,$(B)))
CACHE ?= cache
LAUNCH ?=

BIN := .build/release
Q := $(if $(V),,@)
result = $(patsubst $(B)/%,%,$(@D))
title = @printf '\n== %s\n' '$(result)'
# Of each stage its output folder; and --force where FORCE says so.
FORCE ?=
force = $(if $(filter 1 $(result),$(FORCE)),--force)
# A name that is none would force nothing; before the first result none is there.
$(if $(wildcard $(B)/*/receipt.json),$(foreach name,$(filter-out 1,$(FORCE)),$(if \
    $(wildcard $(B)/$(name)),,$(error FORCE=$(name): $(B) has no such folder, so nothing would begin anew))))
out = --out $(@D) $(force)
STAGES := $(notdir $(patsubst %/main.swift,%,$(wildcard Sources/*/main.swift)))

# OpenBLAS picks its kernels by the processor; an inherited choice would hold it back. It counts only where
# make's command line says it.
ifneq ($(origin OPENBLAS_CORETYPE),command line)
unexport OPENBLAS_CORETYPE
endif
export ALIGN_TI_VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.DELETE_ON_ERROR:
.PHONY: distill fetch check plan checkpoints exposure efficiency report watch docs bench bench-peers \
    bench-llama-cpp check-transformers
.PHONY: setup build mpi test test-sanitize test-faults fuzz lint clean help
distill: $(B)/scores/receipt.json
	@cat $(B)/scores/table.txt
	@echo 'make report$(if $(filter-out demo,$(PIPELINE)), PIPELINE=$(PIPELINE)) writes a page about this run'

exposure: $(B)/exposure/receipt.json
	@cat $(<D)/table.txt
efficiency: $(B)/efficiency/receipt.json
	@cat $(<D)/table.txt

# A stage's recipe, and the recipes it says it is based on, and theirs.
base_of = $(shell sed -n 's/^base: *\([^ ]*\).*/\1/p' $(1) 2>/dev/null)
bases = $(foreach file,$(1),$(foreach base,$(call base_of,$(file)),$(patsubst $(CURDIR)/%,%,$(abspath \
    $(if $(filter /%,$(base)),,$(dir $(file)))$(base)))))
with_bases = $(if $(1),$(1) $(call with_bases,$(filter-out $(1) $(2),$(call bases,$(1))),$(1) $(2)))
recipe = $(call with_bases,$(P)/$(1).yaml)

# What a pipeline says: DATA_READY (files that must be there, and rules that make them), DATA_MADE (data
# that only their own set waits for), TOKENIZER, MODELS, BENCHMARKS, and DATA_<set> and IMAGES, or
# IMAGES_<set>, of four sets: pretrain, train, distill and, for `make exposure`, heldout (samples with long
# answers that nothing is trained on). Two more, teacher-pretrain and student-pretrain, are what the teacher
# or the students begin with in pretrain's place. VALIDATION may name a set whose held-back loss is measured
# while the teacher and the students learn conversations. A set may be a mixture of others: SETS_distill :=
# vsr coco, where DATA_vsr, IMAGES_vsr, DATA_coco and so on say what they are and OPTIONS_vsr how they are
# packed. SAMPLES_vsr, a number, or WEIGHT_vsr, how often it is seen, says how much of a part an epoch has,
# or the recipes' mixture does; without either it is seen once.
include $(P)/pipeline.mk
MODELS ?= teacher sft align-ti
TEACHER ?= $(B)/teacher
# Goals that make nothing of a run's: they take it as it is.
ASIDE := report watch clean help setup build mpi test test-% lint fuzz fetch docs bench bench-peers \
    bench-llama-cpp
RUNS := $(filter-out $(ASIDE),$(or $(MAKECMDGOALS),distill))
ifneq ($(RUNS),)
# Names with spaces are several to make.
$(foreach name,CURDIR B CACHE DATA PRETRAINED TOKENIZER TEACHER,$(if $(or $(word 2,$($(name))),$(filter \
    ~%,$($(name)))),$(error $(name) is '$($(name))': make takes no folder with a space or a ~ in its name)))
# What is said of data, models and benchmarks here, there and on the command line. Where it is not what it
# was, stages look at what they have made, and make anew what follows from it.
SAID_OF := $(filter-out DATA_READY DATA_MADE,$(filter DATA_% IMAGES% OPTIONS_% SETS_% SAMPLES_% WEIGHT_% \
    TOKENIZER TEACHER TEACHER_% STUDENT_PARTS% BENCHMARKS MODELS VALIDATION,$(.VARIABLES)))
export SAID = $(foreach name,$(sort $(SAID_OF)),$(name)=$($(name)))
SAID_FILE := $(B)/said
ifneq ($(strip $(file <$(SAID_FILE))),$(strip $(SAID)))
# Every stage looks, and would then be forced.
$(if $(filter 1,$(FORCE)),$(if $(wildcard $(B)/*/receipt.json),$(error what is said of data and models is \
    not what $(SAID_FILE) has: run without FORCE=1 first, or name folders: FORCE=align-ti)))
.PHONY: said-anew
$(SAID_FILE): said-anew
endif
$(SAID_FILE):
	@mkdir -p $(@D) && printf '%s\n' "$$SAID" > $@
DATA_READY += $(SAID_FILE)
endif
pretraining = $(if $(DATA_$(1)-pretrain)$(SETS_$(1)-pretrain),$(1)-pretrain,pretrain)
TEACHER_CAPTIONS := $(call pretraining,teacher)
STUDENT_CAPTIONS := $(call pretraining,student)
VALIDATION ?=
# Folders of a set: one, or those of a mixture; as files that say that they are there, and as options.
sets_of = $(or $(SETS_$(1)),$(1))
packed = $(patsubst %,$(B)/shards/%/receipt.json,$(foreach set,$(1),$(call sets_of,$(set))))
shards = $(if $(SETS_$(2)),$(foreach set,$(SETS_$(2)),$(1) $(set)=$(B)/shards/$(set)),$(1) $(B)/shards/$(2))
mixed = $(foreach set,$(SETS_$(1)),$(SAMPLES_$(set):%=--set mixture.$(set).samples=%) \
    $(WEIGHT_$(set):%=--set mixture.$(set).weight=%))
train_on = $(call shards,--shards,$(1)) $(call mixed,$(1))
looking = $(if $(VALIDATION),$(call shards,--validation,$(VALIDATION)))
LOOKED_AT = $(call packed,$(VALIDATION))

# The teacher is trained here, or it is a finished checkpoint that TEACHER names, here or in pipeline.mk:
# then nothing of it is made. Several B= may share one so.
OWN_TEACHER := $(filter $(B)/teacher,$(TEACHER))
TEACHER_READY := $(TEACHER)/$(if $(OWN_TEACHER),receipt,config).json
# Folder of the tokenizer that the shards are packed with, and the file that says that it is there.
TEACHER_START := $(if $(OWN_TEACHER),$(B)/teacher-start,$(TEACHER))
TOKENIZER_READY := $(if $(OWN_TEACHER),$(B)/teacher-start/receipt.json,$(TEACHER)/tokenizer.json)
# Folder of a model of the run by its name, and the file that says that it is there.
model_of = $(if $(filter teacher,$(1)),$(TEACHER),$(B)/$(1))
ready_of = $(if $(filter teacher,$(1)),$(TEACHER_READY),$(B)/$(1)/receipt.json)

# --- data: conversations and images become shards of token ids (by the teacher's tokenizer) and pixels ------
$(B)/shards/%/receipt.json: $(call recipe,pack) $(TOKENIZER_READY) $(DATA_READY) | build
	$(title)
	@test -n "$(DATA_$*)" || { echo "make: $(P)/pipeline.mk names no DATA_$*" >&2; exit 1; }
	$(Q)$(LAUNCH) $(BIN)/pack-shards --config $< $(DATA_$*:%=--data %) --images $(or $(IMAGES_$*),$(IMAGES)) \
	    --tokenizer $(TEACHER_START)/tokenizer.json $(OPTIONS_$*) $(out)

# --- teacher: from random weights or published checkpoints, first on captions, then on conversations --------
train = $(LAUNCH) $(BIN)/train-student --config $< $(out)

$(B)/teacher-start/receipt.json: $(call recipe,teacher-model) $(DATA_READY) | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< --tokenizer $(TOKENIZER) $(TEACHER_PARTS) $(out)
$(B)/teacher-pretrained/receipt.json: $(call recipe,teacher-pretrain) $(B)/teacher-start/receipt.json \
    $(call packed,$(TEACHER_CAPTIONS)) | build $(B)/checked
	$(title)
	$(Q)$(train) --model $(B)/teacher-start $(call train_on,$(TEACHER_CAPTIONS))
$(B)/teacher/receipt.json: $(call recipe,teacher) $(B)/teacher-pretrained/receipt.json \
    $(call packed,train) | build $(LOOKED_AT)
	$(title)
	$(Q)$(train) --model $(B)/teacher-pretrained $(call train_on,train) $(looking)

# --- checks: what would stop the chain after the first training is found before it --------------------------
STUDENTS = $(filter-out teacher,$(MODELS))
# Of a given teacher nothing is trained. What only `make exposure` and `make efficiency` ask for may be
# absent.
SETS = $(sort $(STUDENT_CAPTIONS) $(if $(OWN_TEACHER),$(TEACHER_CAPTIONS) train) distill) \
    $(if $(and $(DATA_heldout),$(call has,exposure)),heldout) $(filter-out heldout,$(VALIDATION))
has = $(wildcard $(P)/$(1).yaml)
RECIPES = $(if $(OWN_TEACHER),assemble-model=teacher-model train-student=teacher-pretrain \
    train-student=teacher) assemble-model=student-model train-student=student-pretrain \
    $(STUDENTS:%=train-student=%) cache-teacher=cache answer-benchmarks=answer score-benchmarks=score \
    $(if $(filter seq-kd,$(STUDENTS)),write-answers=write-answers) \
    $(if $(call has,exposure),measure-exposure=exposure) \
    $(if $(call has,efficiency),measure-efficiency=efficiency)
check_recipe = $(BIN)/$(subst =, --config $(P)/,$(1)).yaml --print-recipe >/dev/null

check: $(B)/checked
	@cat $<
	@echo 'recipes, data and benchmarks of $(PIPELINE) can be used'
$(B)/checked: $(foreach file,$(RECIPES),$(call recipe,$(lastword $(subst =, ,$(file))))) $(TOKENIZER_READY) \
    $(call packed,$(SETS)) | build
	@printf '\n== checks\n'
	$(Q)$(foreach file,$(RECIPES),$(call check_recipe,$(file)) &&) \
	    $(BIN)/train-student $(call mixed,distill) --print-recipe >/dev/null
	$(Q)$(BIN)/answer-benchmarks --check --config $(P)/answer.yaml $(addprefix --benchmark ,$(BENCHMARKS)) \
	    --model $(TEACHER_START) $(foreach set,$(sort $(foreach set,$(filter-out heldout,$(SETS)),$(call \
	    sets_of,$(set)))),--trained-on $(set)=$(B)/shards/$(set)) > $@.part
	$(Q)mv $@.part $@

# --- plan: a few steps of each training, with models of the right shapes that have learnt nothing -----------
# KD and IVA are priced with the teacher in the loop, which takes more than reading its stored outputs. Beside
# the run's folder, for it is no result.
PLANNED := $(B).plan
untrained = $(subst $(TEACHER),$(TEACHER_START),$(1))
$(PLANNED)/student-start/receipt.json: $(call recipe,student-model) $(TOKENIZER_READY) $(DATA_READY) | build
	@printf '\n== student-start\n'
	$(Q)$(BIN)/assemble-model --config $< --tokenizer $(TOKENIZER) --vision $(TEACHER_START) \
	    $(call untrained,$(STUDENT_PARTS)) $(out)
# $(call price,recipe,model,shards,options)
price = printf '\n== $(1)\n' && $(BIN)/train-student --plan --config $(P)/$(1).yaml --model $(2) \
    $(call train_on,$(3)) $(4) --out $(PLANNED)/$(1) &&
plan: $(B)/checked $(PLANNED)/student-start/receipt.json
	$(Q)$(if $(OWN_TEACHER),$(call price,teacher-pretrain,$(TEACHER_START),$(TEACHER_CAPTIONS)) \
	    $(call price,teacher,$(TEACHER_START),train)) \
	printf '\n== cache\n' && $(BIN)/cache-teacher --plan --config $(P)/cache.yaml \
	    --teacher $(TEACHER_START) $(call shards,--shards,distill) && \
	$(call price,student-pretrain,$(PLANNED)/student-start,$(STUDENT_CAPTIONS)) \
	$(foreach name,$(STUDENTS),$(call price,$(name),$(PLANNED)/student-start,distill,--teacher \
	    $(TEACHER_START) --set saliency_layer=0)) true

# --- teacher outputs: computed once, shared by every student ------------------------------------------------
cache_outputs = $(LAUNCH) $(BIN)/cache-teacher --config $< $(call shards,--shards,distill) --cache $(CACHE)

$(B)/teacher-outputs/receipt.json: $(call recipe,cache) $(TEACHER_READY) \
    $(call packed,distill) | build
	$(title)
	$(Q)$(cache_outputs) --teacher $(TEACHER) $(out)

# --- students: the teacher's vision tower, a smaller language model; a common start, then one run an objectiv
$(B)/student-start/receipt.json: $(call recipe,student-model) $(TEACHER_READY) $(DATA_READY) | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< --tokenizer $(TOKENIZER) --vision $(TEACHER) $(STUDENT_PARTS) \
	    $(out)
$(B)/student-pretrained/receipt.json: $(call recipe,student-pretrain) $(B)/student-start/receipt.json \
    $(call packed,$(STUDENT_CAPTIONS)) | build $(B)/checked
	$(title)
	$(Q)$(train) --model $(B)/student-start $(call train_on,$(STUDENT_CAPTIONS))
$(B)/sft/receipt.json: $(call recipe,sft) $(B)/student-pretrained/receipt.json \
    $(call packed,distill) | build $(LOOKED_AT)
	$(title)
	$(Q)$(train) --model $(B)/student-pretrained $(call train_on,distill) \
	    $(if $(VALIDATION),--teacher $(TEACHER) $(looking))
# From here on prerequisites may name the target's stem: $$* is expanded when the target is considered.
.SECONDEXPANSION:
DISTILLED := $(filter-out sft seq-kd,$(sort align-ti $(STUDENTS)))
$(DISTILLED:%=$(B)/%/receipt.json): $(B)/%/receipt.json: $$(call recipe,$$*) \
    $(B)/student-pretrained/receipt.json $(call packed,distill) $(B)/teacher-outputs/receipt.json \
    | build $(LOOKED_AT)
	$(title)
	$(Q)$(train) --model $(B)/student-pretrained $(call train_on,distill) --teacher $(TEACHER) \
	    --teacher-outputs $(B)/teacher-outputs --cache $(CACHE) $(looking)

# --- sequence-level distillation: the teacher answers the same questions, and its answers are packed --------
# Those of all parts, where the set is a mixture, whose images must then be in one place.
answered = $(foreach set,$(call sets_of,distill),$(DATA_$(set)))
ANSWERED_IMAGES := $(sort $(foreach set,$(call sets_of,distill),$(or $(IMAGES_$(set)),$(IMAGES))))
write_answers = $(LAUNCH) $(BIN)/write-answers --config $< $(answered:%=--data %) --images $(ANSWERED_IMAGES)
ifneq ($(and $(word 2,$(ANSWERED_IMAGES)),$(filter seq-kd,$(MODELS))),)
$(error seq-kd learns from answers to data whose images are in one place, not in $(ANSWERED_IMAGES))
endif

$(B)/written-answers/receipt.json: $(call recipe,write-answers) $(TEACHER_READY) $(DATA_READY) $(DATA_MADE) \
    | build
	$(title)
	$(Q)$(write_answers) --model $(TEACHER) $(out)
DATA_written = $(B)/written-answers/answers.json
IMAGES_written = $(ANSWERED_IMAGES)
OPTIONS_written = $(OPTIONS_distill)
$(B)/shards/written/receipt.json: $(B)/written-answers/receipt.json
$(B)/seq-kd/receipt.json: $(call recipe,seq-kd) $(B)/student-pretrained/receipt.json \
    $(B)/shards/written/receipt.json | build $(LOOKED_AT)
	$(title)
	$(Q)$(train) --model $(B)/student-pretrained --shards $(B)/shards/written \
	    $(if $(VALIDATION),--teacher $(TEACHER) $(looking))

# --- scores: answers of every model to every benchmark, then one table --------------------------------------
asked = $(addprefix --benchmark ,$(BENCHMARKS))
answer = $(LAUNCH) $(BIN)/answer-benchmarks --config $< $(asked)
score = $(BIN)/score-benchmarks --config $< $(asked)

$(B)/answers/%/receipt.json: $(call recipe,answer) $(B)/%/receipt.json | build
	$(title)
	$(Q)$(answer) --model $(B)/$* $(out)
$(B)/answers/teacher/receipt.json: $(call recipe,answer) $(TEACHER_READY) $(SAID_FILE) | build
	$(title)
	$(Q)$(answer) --model $(TEACHER) $(out)
$(B)/scores/receipt.json: $(call recipe,score) $(MODELS:%=$(B)/answers/%/receipt.json) | build
	$(title)
	$(Q)$(score) $(foreach model,$(MODELS),--model $(model)=$(B)/answers/$(model)) $(out) >/dev/null

# --- checkpoints that trainings left on their way (checkpoint.every), answered and scored by step -----------
CHECKPOINTS = $(patsubst $(B)/%/receipt.json,%,\
    $(sort $(wildcard $(MODELS:%=$(B)/%/checkpoints/step-*/receipt.json))))
$(B)/checkpoints/answers/%/receipt.json: $(call recipe,answer) $(B)/%/receipt.json $(SAID_FILE) | build
	$(title)
	$(Q)$(answer) --model $(B)/$* $(out)
$(B)/checkpoints/scores/receipt.json: $(call recipe,score) \
    $(CHECKPOINTS:%=$(B)/checkpoints/answers/%/receipt.json) | build
	$(title)
	@test -n "$(CHECKPOINTS)" || { echo "make: no training left checkpoints: say checkpoint: {every: 500}" \
	    "in its recipe" >&2; exit 1; }
	$(Q)$(score) $(foreach name,$(CHECKPOINTS),--model \
	    $(subst /checkpoints/,-,$(name))=$(B)/checkpoints/answers/$(name)) $(out) >/dev/null
ifneq ($(filter distill,$(MAKECMDGOALS)),)
# What distill leaves is known when it is done: then make reads the folder again.
checkpoints: distill
	@$(MAKE) $@
else
checkpoints: $(B)/checkpoints/scores/receipt.json
	@cat $(<D)/table.txt
endif

# --- exposure bias and costs of the same models -------------------------------------------------------------
# An option with name=folder for each of some models of the run.
named = $(foreach model,$(2),$(1) $(model)=$(call model_of,$(model)))

$(B)/exposure/receipt.json: $(call recipe,exposure) $(TEACHER_READY) \
    $(STUDENTS:%=$(B)/%/receipt.json) $(B)/shards/heldout/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/measure-exposure --config $< --teacher $(TEACHER) \
	    $(call named,--student,$(STUDENTS)) --shards $(B)/shards/heldout $(out) >/dev/null
$(B)/efficiency/receipt.json: $(call recipe,efficiency) \
    $(foreach model,$(MODELS),$(call ready_of,$(model))) | build
	$(title)
	$(Q)$(BIN)/measure-efficiency --config $< $(call named,--model,$(MODELS)) \
	    $(call named,--run,$(STUDENTS)) $(out) >/dev/null

# --- comparisons: the rows of the paper's tables, over replicates -------------------------------------------
include pipelines/ablations/rules.mk
# Kept, though no target names them. (.SECONDARY for all would let what is missing of the main chain pass.)
.PRECIOUS: $(addsuffix /receipt.json,$(addprefix $(A)/%/,model answers scores efficiency) \
    $(addprefix $(T)/%/,start pretrained teacher teacher-outputs written-answers written-shards) \
    $(addprefix $(U)/%/,student-start student-pretrained))

# --- the report: one page, from the receipts of whatever is there -------------------------------------------
# It shows comparisons as they are and makes none; the stage knows itself whether anything has changed.
report: $(wildcard $(P)/report.yaml $(B)/exposure/receipt.json $(B)/efficiency/receipt.json) \
    $(if $(and $(if $(RUNS),,alone),$(wildcard $(B)/scores/receipt.json)),,$(B)/scores/receipt.json) | build
	@printf '\n== %s\n' $@
	$(Q)$(BIN)/write-report $(addprefix --config ,$(wildcard $(P)/report.yaml)) --run $(B) \
	    --published $(PUBLISHED) --out $(B)/report $(force)
	@echo $(B)/report/report.html

# Follows whatever is being trained below the run's folder; writes nothing.
watch: | build
	@$(BIN)/watch-training --run $(B)

# --- published data: what manifests of data-manifests/ name, into a folder of their name below DATA ---------
DATASET ?=
MIRROR ?=
fetch: | build
	@test -n "$(DATASET)" || { echo "make: say which: DATASET=pope; docs/data.md lists all" >&2; exit 1; }
	@$(BIN)/fetch-data $(foreach name,$(DATASET),--manifest data-manifests/$(name).json) \
	    $(if $(MIRROR),--mirror $(MIRROR)) --out $(or $(DATA),data)

# --- chores -------------------------------------------------------------------------------------------------
# Building is an order-only prerequisite: a recompiled stage does not rerun a week of teacher.
SOURCES := Package.swift $(shell find Sources -type f)
PLUGINS := $(foreach name,openmpi mpich,\
    $(if $(shell command -v mpicc.$(name)),$(BIN)/align-ti-$(name).so))
build: .build/built $(PLUGINS)
.build/built: $(SOURCES) | .build/setup
	@printf '\n== build\n'
	swift build -c release
	@touch $@

# What the processes of mpirun talk by: a plug-in for each MPI whose compiler is installed. `make mpi`
# installs Debian's.
$(BIN)/align-ti-%.so: Sources/CMessages/mpi/plugin.c Sources/CMessages/include/messages.h | .build/built
	mpicc.$* -O2 -Wall -Wextra -shared -fPIC -o $@ $<
mpi: .build/setup-mpi
	@$(MAKE) --no-print-directory build

# The page and the schemas of all recipes, as the stages print them.
docs: | build
	@mkdir -p docs/schemas
	@{ printf '%s\n' '# Recipes' '' \
	    'All settings of every stage with their defaults, made by `make docs` from what the stages' \
	    'themselves say (`<stage> --print-recipe`). A recipe file names those that differ; `base: other.yaml`' \
	    'puts it over another file, and `--set key=value` over both. Editors complete keys when the first' \
	    'line of a recipe is `# yaml-language-server: $$schema=../../docs/schemas/<stage>.json`.'; \
	  for stage in $(sort $(STAGES)); do \
	    if $(BIN)/$$stage --print-schema > docs/schemas/$$stage.json 2>/dev/null; then \
	      printf '\n## %s\n\n```yaml\n' $$stage; $(BIN)/$$stage --print-recipe; printf '```\n'; \
	    else rm docs/schemas/$$stage.json; fi; \
	  done; } > docs/recipes.md

test: .build/setup
	swift test -c release --disable-testable-imports

# The tests under the sanitizer of addresses, or with SANITIZER=thread of data races, in a build of its own;
# SUITES, a regular expression, names some.
SANITIZER ?= address
SUITES ?=
test-sanitize: .build/setup
	$(Q).ci/sanitize $(SANITIZER) '$(SUITES)'

# Mutated inputs for the parsers of files that others make (Tests/Fuzzing); an input that kills one, or takes
# too much time or memory, is left in fuzz-failures/. FUZZ are options: --parser, --seconds, --executions.
FUZZ ?= --seconds 60
fuzz: | build
	@$(BIN)/fuzz-parsers $(FUZZ)

# Kills, flipped bits, full disks and the like on the smoke pipeline, about an hour; FAULTS=sample takes two
# minutes. OPTIONS are those of Tests/Faults/faults.py.
FAULTS ?=
test-faults: | build
	$(Q)python3 -B Tests/Faults/faults.py $(if $(filter sample,$(FAULTS)),--sample) $(OPTIONS)

lint: .build/setup-lint
	$(Q).ci/lint

# Figures of performance (docs/performance.md). CONFIG names shapes in pipelines/bench/ or files, ONLY the
# figures (ranks: two processes against one), PRECISION fp32,bf16, THREADS 1,2 (then also how much faster
# each is with more); TOKENIZER may be a folder with a tokenizer.json, and TEXT a file to encode. A finished
# pipeline adds how fast its student answers.
CONFIG ?= S T P
ONLY ?=
PRECISION ?= fp32
TEXT ?=
THREADS ?=
shapes = $(if $(findstring /,$(1)),$(1),pipelines/bench/$(1).json)
bench_options = $(foreach name,$(CONFIG),--config $(call shapes,$(name))) \
    $(if $(ONLY),--only $(ONLY)) --precision $(PRECISION) $(if $(TEXT),--text $(TEXT)) \
    $(if $(wildcard $(TOKENIZER)/tokenizer.json),--tokenizer $(TOKENIZER)/tokenizer.json)
trained = $(if $(wildcard $(B)/align-ti/receipt.json),--model $(B)/align-ti \
    --benchmark $(firstword $(filter pope=% groceries-yesno=%,$(BENCHMARKS))))
bench: | build
	$(if $(filter ranks,$(ONLY)),,@$(BIN)/bench-align-ti $(bench_options) $(trained) \
	    $(if $(THREADS),--threads $(THREADS)))
	@$(if $(filter ranks,$(or $(ONLY),ranks)),$(bench_ranks))
# Two processes against one, where there is an mpirun with its plug-in: ONLY=ranks.
RANKS ?= T R
bench_ranks = if [ -e $(BIN)/align-ti-openmpi.so ] && command -v mpirun.openmpi >/dev/null; then \
    python3 -B Tests/Peers/bench_ranks.py --bin $(BIN) \
    $(foreach name,$(RANKS),--config $(call shapes,$(name))); \
    else echo 'ranks are left out: make mpi' >&2; fi

# Ours and the peers' (PyTorch, tokenizers, Pillow) in turn, ROUNDS times; a run that was cut off goes on.
# FRESH=1 forgets earlier runs.
PEERS := .build/peers
ROUNDS ?= 3
bench-peers: $(PEERS)/installed | build
	@$(PEERS)/bin/python Tests/Peers/compare.py --ours $(BIN)/bench-align-ti $(bench_options) \
	    --rounds $(ROUNDS) --inputs $(PEERS)/inputs --results $(PEERS)/results.jsonl $(if $(FRESH),--fresh)
$(PEERS)/installed: Tests/Peers/requirements.txt
	python3 -m venv $(PEERS) || \
	    { echo "make: python3 cannot make environments; on Debian: sudo apt install python3-venv" >&2; exit 1; }
	$(PEERS)/bin/pip install -q -r $<
	@touch $@

# One answer decoded and a prompt read, ours and llama.cpp's in turn. Its sources are those that a package of
# PyPI carries; they are built for this processor, which takes ten minutes.
LLAMA_CPP := https://files.pythonhosted.org/packages/ec/e9/$\
    e7de2b0463ea3ffbf0ede6cb21b58c1258a8f6521aae45ca773a59fe7cf3/llama_cpp_python-0.3.36.tar.gz
LLAMA_CPP_SHA256 := 832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
LLAMA_BENCH := $(PEERS)/llama.cpp/build/bin/llama-bench
bench-llama-cpp: $(LLAMA_BENCH) | build
	@python3 -B Tests/Peers/bench_llama_cpp.py --bin $(BIN) --llama $< --rounds $(ROUNDS) \
	    --config $(call shapes,$(if $(filter file,$(origin CONFIG)),R,$(firstword $(CONFIG))))
$(LLAMA_BENCH):
	@python3 -m venv $(PEERS)/llama.cpp/tools || \
	    { echo "make: python3 cannot make environments; on Debian: sudo apt install python3-venv" >&2; exit 1; }
	$(PEERS)/llama.cpp/tools/bin/pip install -q cmake==4.4.5 ninja==1.13.2
	python3 -c 'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' \
	    $(LLAMA_CPP) $(PEERS)/llama.cpp/sources.tar.gz
	@echo '$(LLAMA_CPP_SHA256)  $(PEERS)/llama.cpp/sources.tar.gz' | sha256sum --check --quiet
	@tar -xzf $(PEERS)/llama.cpp/sources.tar.gz -C $(PEERS)/llama.cpp --strip-components=1
	@PATH=$(abspath $(PEERS)/llama.cpp/tools/bin):$$PATH; set -e; cmake -G Ninja -DCMAKE_BUILD_TYPE=Release \
	    -S $(PEERS)/llama.cpp/vendor/llama.cpp -B $(PEERS)/llama.cpp/build -DGGML_NATIVE=ON -DLLAMA_CURL=OFF \
	    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_EXAMPLES=OFF >/dev/null; \
	    ninja -C $(PEERS)/llama.cpp/build --quiet llama-bench

# Loads this pipeline's student with transformers 5 and 4, as a user would, and compares what they say with
# what ask-model says (docs/serving.md). STUDENT may be another folder, ASK others questions: ASK='"What?"'.
STUDENT ?= $(B)/align-ti
ASK ?=
check_student = $(PEERS)/bin/python Tests/Peers/check_transformers.py --ours $(BIN)/ask-model \
    --model $(STUDENT) $(ASK)
check-transformers: $(PEERS)/transformers-4/installed \
    $(STUDENT)/$(if $(filter $(B)/%,$(STUDENT)),receipt,config).json | build
	@$(check_student)
	@PYTHONPATH=$(PEERS)/transformers-4 $(check_student)
$(PEERS)/transformers-4/installed: Tests/Peers/requirements-transformers-4.txt $(PEERS)/installed
	$(PEERS)/bin/pip install -q --no-deps --upgrade --target $(@D) -r $<
	@touch $@

# Debian's packages, checked when their list in .ci/setup changes and not at every build and test.
setup: .build/setup
.build/setup: .ci/setup
	@.ci/setup build
	@mkdir -p $(@D) && touch $@
.build/setup-mpi: .ci/setup
	@.ci/setup mpi
	@mkdir -p $(@D) && touch $@
.build/setup-lint: .ci/setup
	@.ci/setup lint
	@mkdir -p $(@D) && touch $@

# Forgets this pipeline's results; the store of teacher outputs stays.
clean:
	rm -rf $(B) $(PLANNED)

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile
	@echo "stages: $(STAGES)"
