# Comparisons: the paper's tables and figures under their own numbers, and ours-*, which the paper has not.
#
#   make table15 SEEDS=3     the rows of one table, three replicates each, compared
#   make paper SEEDS=3       all of them
#
# A table is a file of tables/, the recipe of compare-runs. A row is names joined by +, each a file of this
# folder that names what differs from the pipeline's align-ti.yaml; a later one overrides. teacher-* and
# student-* are files of models/, recipes of assemble-model: that row has models of another size. What a
# pipeline's ablations.yaml says, where it has one, holds for all rows: fewer epochs, say. The pipeline's own
# rows, models and tables are in its folder ablations/ and come before those here.
#
# Replicate r of row R is the folder $(B)/ablations/R/seed-r with model, answers and scores. It has a start,
# an order of the data and draws of its own; replicate 1 has the pipeline's start. Rows share teacher,
# outputs and starts. With TEACHERS=2 all is made from a second teacher too, below ablations/teacher-2.
SEEDS ?= 1
TEACHERS ?= 1
A := $(B)/ablations
HERE := $(wildcard $(P)/ablations) pipelines/ablations

found = $(firstword $(wildcard $(HERE:%=%/$(1).yaml)) pipelines/ablations/$(1).yaml)
COMPARISONS := $(filter-out table1,$(sort $(basename $(notdir $(wildcard $(HERE:%=%/tables/*.yaml))))))
table_file = $(call found,tables/$(1))
all_rows = $(shell sed -n 's/^ *- *{* *row: *\([^,} ]*\).*/\1/p' $(call table_file,$(1)))
with = $(foreach name,$(COMPARISONS),$(if $(shell grep '^also:.*$(1)' $(call table_file,$(name))),$(name)))

# Table 11 and Figure 10 are about another family of models: the pipeline OTHER_FAMILY, where one is named.
.PHONY: paper other-family table1 figure4 figure10 $(COMPARISONS)
# Table by table: side by side, make trains the rows of all before it answers and compares those of any.
PAPER := $(filter-out $(if $(IS_OTHER_FAMILY),,table11),$(COMPARISONS)) table1 figure4 \
    $(if $(OWN_TEACHER),$(if $(OTHER_FAMILY),other-family))
paper:
	$(Q)left=; for table in $(PAPER); do $(MAKE) $$table || left="$$left $$table"; done; \
	    test -z "$$left" || { echo "make: these could not be made:$$left" >&2; exit 1; }
other-family:
	$(Q)$(MAKE) table11 figure10 PIPELINE=$(OTHER_FAMILY) B=$(dir $(B))$(OTHER_FAMILY)

# From a stem such as kd+data-25/seed-2 or teacher-2/kd/seed-1: row, replicate, number of the teacher, parts.
split = $(subst /, ,$(1))
row_of = $(lastword $(filter-out seed-%,$(call split,$(1))))
seed_of = $(patsubst seed-%,%,$(lastword $(call split,$(1))))
number_of = $(or $(patsubst teacher-%,%,$(if $(word 3,$(call split,$(1))),$(firstword $(call split,$(1))))),1)
parts_of = $(subst +, ,$(call row_of,$(1)))
recipes_of = $(foreach part,$(filter-out teacher-% student-%,$(call parts_of,$(1))),$(call found,$(part)))
# Its teacher and its start as stems of the rules below: 1/whole is the pipeline's own.
teacher_stem = $(call number_of,$(1))/$(or $(filter teacher-%,$(call parts_of,$(1))),whole)
student_stem = $(call number_of,$(1))/$(or $(filter student-%,$(call parts_of,$(1))),whole)/seed-$(call \
    seed_of,$(1))
# From such a stem: folder, and the file that says that it is there. TEACHER_<size> names a finished teacher.
size_of = $(or $(filter teacher-% student-%,$(call split,$(1))),whole)
own_teacher = $(A)/teachers/$(1)/teacher
teacher_at = $(or $(if $(filter 1/whole,$(1)),$(TEACHER)),$(TEACHER_$(call size_of,$(1))),$(own_teacher))
teacher_ready_at = $(call teacher_at,$(1))/$(if $(filter $(own_teacher) $(B)/teacher,$(call \
    teacher_at,$(1))),receipt,config).json
outputs_at = $(if $(filter 1/whole,$(1)),$(B),$(A)/teachers/$(1))/teacher-outputs
start_at = $(if $(filter 1/whole/seed-1,$(1)),$(B)/student,$(A)/students/$(1)/student)-pretrained
teacher_for = $(call teacher_at,$(call teacher_stem,$(1)))
teacher_ready_for = $(call teacher_ready_at,$(call teacher_stem,$(1)))
outputs_for = $(call outputs_at,$(call teacher_stem,$(1)))
start_for = $(call start_at,$(call student_stem,$(1)))
# A row seq-kd learns from what its teacher wrote, and needs no other outputs.
is_written = $(filter seq-kd,$(call parts_of,$(1)))
written_at = $(if $(filter 1/whole,$(1)),$(B)/shards/written,$(A)/teachers/$(1)/written-shards)
written_for = $(call written_at,$(call teacher_stem,$(1)))
shards_for = $(if $(is_written),--shards $(written_for),$(call train_on,distill))
packed_for = $(if $(is_written),$(written_for)/receipt.json,$(call packed,distill))
# The row `teacher` is the teacher itself, which is asked once for all replicates.
is_teacher = $(filter teacher,$(call row_of,$(1)))
model_for = $(if $(is_teacher),$(teacher_for),$(A)/$(1)/model)
model_ready_for = $(if $(is_teacher),$(teacher_ready_for),$(A)/$(1)/model/receipt.json)
answers_for = $(A)/$(if $(is_teacher),$(patsubst %/seed-$(seed_of),%/seed-1,$(1)),$(1))/answers

train_row = $(BIN)/train-student --set seed=$(call seed_of,$(1)) \
    $(addprefix --config ,$(P)/align-ti.yaml $(firstword $(COMMON)) $(call recipes_of,$(1))) \
    --model $(call start_for,$(1)) $(call shards_for,$(1)) $(if $(is_written),, \
    --teacher-outputs $(call outputs_for,$(1)) --cache $(CACHE)) --out $(A)/$(1)/model
COMMON := $(if $(wildcard $(P)/ablations.yaml),$(call recipe,ablations))
$(A)/%/model/receipt.json: $$(call with_bases,$$(call recipes_of,$$*)) \
    $(call recipe,align-ti) $(COMMON) $$(call start_for,$$*)/receipt.json \
    $$(call packed_for,$$*) $$(call teacher_ready_for,$$*) \
    $$(if $$(call is_written,$$*),,$$(call outputs_for,$$*)/receipt.json) | build
	$(title)
	$(Q)$(LAUNCH) $(call train_row,$*) --teacher $(call teacher_for,$*) $(force)
$(A)/%/answers/receipt.json: $(call recipe,answer) $$(call model_ready_for,$$*) $(SAID_FILE) | build
	$(title)
	$(Q)$(answer) --model $(call model_for,$*) $(out)
$(A)/%/scores/receipt.json: $(call recipe,score) $$(call answers_for,$$*)/receipt.json | build
	$(title)
	$(Q)$(score) --model $(call row_of,$*)=$(call answers_for,$*) --brief $(out) >/dev/null
$(A)/%/efficiency/receipt.json: $(call recipe,efficiency) $$(call model_ready_for,$$*) $(SAID_FILE) | build
	$(title)
	$(Q)$(BIN)/measure-efficiency --config $< --model $(call row_of,$*)=$(call model_for,$*) $(out) \
	    >/dev/null

# Other teachers learn as the pipeline's own does: of another size, or from another seed.
T := $(A)/teachers
# The recipe of a size; none for a published model, whose shape is its own.
model_file = $(if $(STUDENT_PARTS_$(call size_of,$(1))),,$(filter-out %/whole.yaml,$(call \
    found,models/$(call size_of,$(1)))))
first_word = $(firstword $(call split,$(1)))
reseeded = $(if $(filter-out 1,$(1)),--set seed=$(1)$(2))
$(T)/%/start/receipt.json: $(call recipe,teacher-model) $$(call model_file,$$*) $(DATA_READY) | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< $(addprefix --config ,$(call model_file,$*)) \
	    $(call reseeded,$(call first_word,$*)) --tokenizer $(TOKENIZER) $(TEACHER_PARTS) $(out)
$(T)/%/pretrained/receipt.json: $(call recipe,teacher-pretrain) $(T)/%/start/receipt.json \
    $(call packed,$(TEACHER_CAPTIONS)) | build
	$(title)
	$(Q)$(train) $(call reseeded,$(call first_word,$*),01) --model $(T)/$*/start \
	    $(call train_on,$(TEACHER_CAPTIONS))
$(T)/%/teacher/receipt.json: $(call recipe,teacher) $(T)/%/pretrained/receipt.json \
    $(call packed,train) | build
	$(title)
	$(Q)$(train) $(call reseeded,$(call first_word,$*),02) --model $(T)/$*/pretrained \
	    $(call train_on,train)
$(T)/%/teacher-outputs/receipt.json: $(call recipe,cache) $$(call teacher_ready_at,$$*) \
    $(call packed,distill) | build
	$(title)
	$(Q)$(cache_outputs) --teacher $(call teacher_at,$*) $(out)

$(T)/%/written-answers/receipt.json: $(call recipe,write-answers) $$(call teacher_ready_at,$$*) \
    $(DATA_READY) $(DATA_MADE) | build
	$(title)
	$(Q)$(write_answers) --model $(call teacher_at,$*) $(out)
$(T)/%/written-shards/receipt.json: $(call recipe,pack) $(TOKENIZER_READY) \
    $(T)/%/written-answers/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/pack-shards --config $< --data $(T)/$*/written-answers/answers.json \
	    --images $(ANSWERED_IMAGES) --tokenizer $(TEACHER_START)/tokenizer.json \
	    $(OPTIONS_distill) $(out)

# Starts of the students: of the teacher's number, the student's size, the replicate.
U := $(A)/students
tower_at = $(call $(1),$(call first_word,$(2))/whole)
$(U)/%/student-start/receipt.json: $(call recipe,student-model) $$(call model_file,$$*) \
    $$(call tower_at,teacher_ready_at,$$*) $(DATA_READY) | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< $(addprefix --config ,$(call model_file,$*)) \
	    $(call reseeded,$(call seed_of,$*)) --tokenizer $(TOKENIZER) \
	    --vision $(call tower_at,teacher_at,$*) $(or $(STUDENT_PARTS_$(call size_of,$*)),$(STUDENT_PARTS)) \
	    $(out)
$(U)/%/student-pretrained/receipt.json: $(call recipe,student-pretrain) $(U)/%/student-start/receipt.json \
    $(call packed,$(STUDENT_CAPTIONS)) | build
	$(title)
	$(Q)$(train) $(call reseeded,$(call seed_of,$*),03) --model $(U)/$*/student-start \
	    $(call train_on,$(STUDENT_CAPTIONS))

# Rows that cannot be made here are left out, and compare-runs says why: their teacher or student would be of
# another size than a given one (TEACHER_<size>, a folder, or STUDENT_PARTS_<size> names it then), or the
# teacher lacks their layer, as its config.json says. Make reads which they are before it begins.
ROWS := $(sort $(foreach table,$(COMPARISONS),$(call all_rows,$(table))))
SIZES_TEACHERS := $(if $(OWN_TEACHER),$(if $(findstring --language,$(TEACHER_PARTS)),,yes))
SIZES_STUDENTS := $(if $(findstring --language,$(STUDENT_PARTS)),,yes)
is_given = $(strip $(foreach part,$(call parts_of,$(1)),$(if $(or \
    $(if $(filter teacher-%,$(part)),$(if $(SIZES_TEACHERS)$(TEACHER_$(part)),,yes)), \
    $(if $(filter student-%,$(part)),$(if $(SIZES_STUDENTS)$(STUDENT_PARTS_$(part)),,yes))),$(part))))
# Recipes that a row names and nobody has; rows that learn from written answers, where nothing says how.
absent = $(filter-out $(wildcard $(call recipes_of,$(1))),$(call recipes_of,$(1)))
unwritten = $(if $(wildcard $(P)/write-answers.yaml),,$(call is_written,$(1)))
check_row = $(if $(absent),{ echo 'make: row $(1): none of $(HERE) has $(notdir $(absent))' >&2; false; }, \
    $(if $(unwritten),echo 'this pipeline has no write-answers.yaml', \
    $(if $(is_given),echo 'the models are given and none is named for $(is_given)', \
    $(call train_row,$(1)/seed-1) --teacher $(TEACHER_START) --check)))
LEFT_OUT := $(foreach row,$(ROWS),$(if $(call unwritten,$(row)),$(row)))
ifneq ($(filter paper $(COMPARISONS),$(MAKECMDGOALS)),)
ifeq ($(findstring n,$(firstword -$(MAKEFLAGS))),)
include $(A)/rows.mk
endif
endif
$(A)/rows.mk: $(TOKENIZER_READY) $(wildcard $(HERE:%=%/*.yaml) $(HERE:%=%/tables/*.yaml)) \
    $(call recipe,align-ti) $(COMMON) $(SAID_FILE) | build
	@mkdir -p $(@D)
	@{ $(foreach row,$(filter-out teacher,$(ROWS)),reason=$$($(call check_row,$(row))) || exit; \
	    [ -z "$$reason" ] || echo '$(row):' "$$reason";) } > $(A)/left-out.txt
	@cat $(A)/left-out.txt
	@sed -n 's/: .*//; s/^/LEFT_OUT += /p' $(A)/left-out.txt > $@.part && mv $@.part $@

rows_of = $(filter-out $(LEFT_OUT),$(all_rows))
group = $(if $(filter-out 1,$(1)),teacher-$(1)/)
numbers := $(shell seq $(TEACHERS))
# $(call runs,rows,teachers,replicates)
runs = $(foreach number,$(2),$(foreach row,$(1),$(foreach seed,$(3),\
    $(A)/$(call group,$(number))$(row)/seed-$(seed))))
all_runs = $(call runs,$(call rows_of,$(1)),$(numbers),$(shell seq $(SEEDS)))
EFFICIENCY := $(call with,efficiency)
EXPOSURE := $(call with,exposure)

# Prints the table and keeps it as $(B)/tables/<table>/<table>.csv; the stage knows itself whether anything
# has changed.
$(COMPARISONS): %: $$(call table_file,$$*) $$(addsuffix /scores/receipt.json,$$(call all_runs,$$*)) \
    $$(if $$(filter $$*,$(EFFICIENCY)),$$(addsuffix /efficiency/receipt.json,$$(call all_runs,$$*))) \
    $$(if $$(filter $$*,$(EXPOSURE)),$(B)/figures/$$*/receipt.json) | build
	$(Q)$(foreach number,$(numbers),printf '\n== %s\n' $(call group,$(number))$@ && \
	    $(BIN)/compare-runs --config $< --runs $(A)/$(call group,$(number)) --seeds $(SEEDS) \
	    --left-out $(A)/left-out.txt --out $(B)/tables/$(call group,$(number))$@ $(force) &&) true
	$(if $(filter $@,$(EXPOSURE)),@cat $(B)/figures/$@/table.txt)

# Exposure bias of a figure's models, as curves; those of the first replicate: the bands are over samples.
first_runs = $(addsuffix /model,$(call runs,$(call rows_of,$(1)),1,1))
$(B)/figures/%/receipt.json: $(call recipe,exposure) $(TEACHER_READY) $(B)/shards/heldout/receipt.json \
    $$(addsuffix /receipt.json,$$(call first_runs,$$*)) | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/measure-exposure --config $< --teacher $(TEACHER) \
	    $(foreach row,$(call rows_of,$*),--student $(row)=$(A)/$(row)/seed-1/model) \
	    --shards $(B)/shards/heldout $(out) >/dev/null

# Published systems beside the models of `make distill`.
PUBLISHED := $(call table_file,table1)
table1: $(B)/tables/table1/receipt.json
	@cat $(<D)/table.txt
$(B)/tables/table1/receipt.json: $(call recipe,score) $(PUBLISHED) $(MODELS:%=$(B)/answers/%/receipt.json) \
    | build
	$(title)
	$(Q)$(score) $(foreach model,$(MODELS),--model $(model)=$(B)/answers/$(model)) \
	    --published $(PUBLISHED) $(out) >/dev/null

# Instruction relevance of the teacher's layers.
figure4 figure10: $(B)/teacher-outputs/receipt.json
	@printf '\n== %s\n' $@
	@$(BIN)/cache-teacher --relevance --out $(<D)
