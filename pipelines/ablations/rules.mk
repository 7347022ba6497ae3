# Ablations: every comparison a target.
#
#   make table3 SEEDS=3      the rows of one table, three runs each, compared
#   make paper SEEDS=3       all of them
#
# A table is a file of tables/, the recipe of compare-runs: its rows, and the row that the others are tested
# against. A row is a file of this folder that names what differs from the pipeline's align-ti.yaml. Row R
# with seed S is the folder $(B)/ablations/R/seed-S with model, answers and scores. Tables share rows; all
# rows share the teacher, its outputs and the students' start. What a pipeline's ablations.yaml says, where it
# has one, holds for all rows: fewer epochs, say.
SEEDS ?= 1
A := $(B)/ablations
TABLES := pipelines/ablations/tables

COMPARISONS := $(patsubst $(TABLES)/%.yaml,%,$(wildcard $(TABLES)/*.yaml))
rows_of = $(shell sed -n '/^rows:/,/^[a-z_]*:/s/^- *//p' $(TABLES)/$(1).yaml)

.PHONY: paper $(COMPARISONS) table5 table14
paper: $(COMPARISONS) table5 table14

# From a stem such as kd/seed-2: row, seed, recipe, its teacher, the file that says that the teacher is there,
# and the folder that holds its outputs.
row_of = $(firstword $(subst /, ,$(1)))
seed_of = $(patsubst seed-%,%,$(lastword $(subst /, ,$(1))))
row_file = pipelines/ablations/$(call row_of,$(1)).yaml
COMMON := $(if $(wildcard $(P)/ablations.yaml),$(call recipe,ablations))
is_small = $(filter %-small-teacher,$(call row_of,$(1)))
teacher_of = $(if $(call is_small,$(1)),$(A)/teachers/small/teacher,$(TEACHER))
teacher_ready_of = $(if $(call is_small,$(1)),$(A)/teachers/small/teacher/receipt.json,$(TEACHER_READY))
outputs_of = $(if $(call is_small,$(1)),$(A)/teachers/small,$(B))/teacher-outputs

# From here on prerequisites may name the target's stem: $$* is expanded when the target is considered.
.SECONDEXPANSION:
$(A)/%/model/receipt.json: $$(call row_file,$$*) $$(call bases,$$(call row_file,$$*)) \
    $(call recipe,align-ti) $(COMMON) $(B)/student-pretrained/receipt.json $(B)/shards/distill/receipt.json \
    $$(call teacher_ready_of,$$*) $$(call outputs_of,$$*)/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/train-student $(addprefix --config ,$(P)/align-ti.yaml $(firstword $(COMMON)) $<) \
	    --set seed=$(call seed_of,$*) --model $(B)/student-pretrained --shards $(B)/shards/distill \
	    --teacher $(call teacher_of,$*) --teacher-outputs $(call outputs_of,$*) \
	    --cache $(CACHE) $(out)
$(A)/%/answers/receipt.json: $(call recipe,answer) $(A)/%/model/receipt.json | build
	$(title)
	$(Q)$(answer) --model $(A)/$*/model $(out)
$(A)/%/scores/receipt.json: $(call recipe,score) $(A)/%/answers/receipt.json | build
	$(title)
	$(Q)$(score) --model $(call row_of,$*)=$(A)/$*/answers --brief $(out) >/dev/null

# The small teacher learns as the pipeline's own does.
S := $(A)/teachers/small
$(S)/start/receipt.json: $(call recipe,teacher-model) pipelines/ablations/small-teacher-model.yaml \
    $(DATA_READY) | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< --config pipelines/ablations/small-teacher-model.yaml \
	    --tokenizer $(TOKENIZER) $(TEACHER_PARTS) $(out)
$(S)/pretrained/receipt.json: $(call recipe,teacher-pretrain) $(S)/start/receipt.json \
    $(B)/shards/pretrain/receipt.json | build
	$(title)
	$(Q)$(train) --model $(S)/start --shards $(B)/shards/pretrain
$(S)/teacher/receipt.json: $(call recipe,teacher) $(S)/pretrained/receipt.json \
    $(B)/shards/train/receipt.json | build
	$(title)
	$(Q)$(train) --model $(S)/pretrained --shards $(B)/shards/train
$(S)/teacher-outputs/receipt.json: $(call recipe,cache) $(S)/teacher/receipt.json \
    $(B)/shards/distill/receipt.json | build
	$(title)
	$(Q)$(cache_outputs) --teacher $(S)/teacher $(out)

# Prints the table and keeps it as $(B)/tables/<table>/<table>.csv; the stage knows itself whether anything
# has changed.
runs_of = $(foreach row,$(1),$(foreach seed,$(shell seq $(SEEDS)),$(A)/$(row)/seed-$(seed)))
$(COMPARISONS): %: $(TABLES)/%.yaml \
    $$(addsuffix /scores/receipt.json,$$(call runs_of,$$(call rows_of,$$*))) | build
	@printf '\n== %s\n' $@
	$(Q)$(BIN)/compare-runs --config $< --runs $(A) --seeds $(SEEDS) --out $(B)/tables/$@ $(force)
	$(if $(filter $@,$(CURVES)),@cat $(B)/figures/$@/table.txt)

# Exposure bias of a figure's models, as curves; those of the first seed: the bands are over samples.
CURVES := figure4 figure6
first_runs = $(foreach row,$(1),$(A)/$(row)/seed-1/model)
named_runs = $(foreach row,$(1),$(2) $(row)=$(A)/$(row)/seed-1/model)
$(CURVES): %: $(B)/figures/%/receipt.json
$(B)/figures/%/receipt.json: $(call recipe,exposure) $(TEACHER_READY) \
    $(B)/shards/heldout/receipt.json \
    $$(addsuffix /receipt.json,$$(call first_runs,$$(call rows_of,$$*))) | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/measure-exposure --config $< --teacher $(TEACHER) \
	    $(call named_runs,$(call rows_of,$*),--student) --shards $(B)/shards/heldout $(out) >/dev/null

# Cost of answering with teacher and student, and of training with the objectives of table 6, one run each.
table5: $(B)/tables/table5/receipt.json
	@cat $(<D)/table.txt
table14: $(B)/tables/table14/receipt.json
	@cat $(<D)/table.txt
$(B)/tables/table5/receipt.json: $(call recipe,efficiency) $(TEACHER_READY) \
    $$(call first_runs,align-ti)/receipt.json | build
	$(title)
	$(Q)$(BIN)/measure-efficiency --config $< --model teacher=$(TEACHER) \
	    $(call named_runs,align-ti,--model) $(out) >/dev/null
$(B)/tables/table14/receipt.json: $(call recipe,efficiency) \
    $$(addsuffix /receipt.json,$$(call first_runs,$$(call rows_of,table6))) | build
	$(title)
	$(Q)$(BIN)/measure-efficiency --config $< $(call named_runs,$(call rows_of,table6),--run) \
	    $(out) >/dev/null
