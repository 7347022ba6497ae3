# Ablations: every comparison a target.
#
#   make table3 SEEDS=3      the rows of one table, three runs each, compared
#   make paper SEEDS=3       all of them
#
# A row is a file of this folder that names what differs from the pipeline's align-ti.yaml. Row R with seed S is the folder
# $(B)/ablations/R/seed-S with model, answers and scores. Tables share rows; all rows share teacher, its outputs and the students' start.
# What a pipeline's ablations.yaml says, where it has one, holds for all rows: fewer epochs, say.
SEEDS ?= 1
A := $(B)/ablations

# Table: its rows. Which comparison is which table of the paper: docs/results.md.
table3 := sft kd kd-iva kd-tpa align-ti
table4 := kd kd-reverse kd-jsd kd-skewed kd-skewed-reverse gkd align-ti
table6 := sft kd gkd kd-iva kd-tpa align-ti
table7 := kd-tpa iva-uniform iva-student align-ti
table8 := kd-iva tpa-greedy tpa-top-p-0.9 align-ti
table9 := kd-iva tpa-d1 tpa-d2 align-ti tpa-d8
table10 := align-ti tpa-reverse tpa-jsd iva-reverse
table16 := sft kd-small-teacher align-ti-small-teacher kd align-ti
figure4 := sft kd gkd align-ti
figure6 := kd-tpa iva-layer-0 iva-layer-1 iva-layer-2 iva-layer-3
figure7 := sft-data-25 kd-data-25 align-ti-data-25 sft-data-50 kd-data-50 align-ti-data-50 sft kd align-ti
figure9 := align-ti iva-half iva-double kd-half kd-double tpa-half tpa-double
COMPARISONS := table3 table4 table6 table7 table8 table9 table10 table16 figure4 figure6 figure7 figure9

# The row that the others are tested against: kd unless said here.
$(foreach table,$(COMPARISONS),$(eval $(table)-baseline := kd))
table7-baseline := iva-uniform
table8-baseline := kd-iva
table9-baseline := kd-iva
table10-baseline := align-ti
figure6-baseline := kd-tpa
figure9-baseline := align-ti
# Training time and memory beside the scores.
table6-options := --costs

.PHONY: paper $(COMPARISONS) table5
paper: $(COMPARISONS) table5

# From a stem such as kd/seed-2: row, seed, recipe, and the folder that holds its teacher.
row_of = $(firstword $(subst /, ,$(1)))
seed_of = $(patsubst seed-%,%,$(lastword $(subst /, ,$(1))))
row_file = pipelines/ablations/$(call row_of,$(1)).yaml
COMMON := $(wildcard $(P)/ablations.yaml)
teacher_of = $(if $(filter %-small-teacher,$(call row_of,$(1))),$(A)/teachers/small,$(B))

.SECONDEXPANSION:
$(A)/%/model/receipt.json: $$(call row_file,$$*) $$(call bases,$$(call row_file,$$*)) $(call recipe,align-ti) $(COMMON) \
    $(B)/student-pretrained/receipt.json $(B)/shards/distill/receipt.json \
    $$(call teacher_of,$$*)/teacher/receipt.json $$(call teacher_of,$$*)/teacher-outputs/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/train-student $(addprefix --config ,$(P)/align-ti.yaml $(COMMON) $<) --set seed=$(call seed_of,$*) \
	    --model $(B)/student-pretrained --shards $(B)/shards/distill --teacher $(call teacher_of,$*)/teacher \
	    --teacher-outputs $(call teacher_of,$*)/teacher-outputs --cache $(CACHE) --out $(@D)
$(A)/%/answers/receipt.json: $(call recipe,answer) $(A)/%/model/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/answer-benchmarks --config $< --model $(A)/$*/model $(addprefix --benchmark ,$(BENCHMARKS)) --out $(@D)
$(A)/%/scores/receipt.json: $(call recipe,score) $(A)/%/answers/receipt.json | build
	$(title)
	$(Q)$(BIN)/score-benchmarks --config $< --model $(call row_of,$*)=$(A)/$*/answers $(addprefix --benchmark ,$(BENCHMARKS)) \
	    --brief --out $(@D) >/dev/null

# The small teacher learns as the pipeline's own does.
S := $(A)/teachers/small
$(S)/start/receipt.json: $(call recipe,teacher-model) pipelines/ablations/small-teacher-model.yaml $(DATA_READY) | build
	$(title)
	$(Q)$(BIN)/assemble-model --config $< --config pipelines/ablations/small-teacher-model.yaml --tokenizer $(TOKENIZER) \
	    $(TEACHER_PARTS) --out $(@D)
$(S)/pretrained/receipt.json: $(call recipe,teacher-pretrain) $(S)/start/receipt.json $(B)/shards/pretrain/receipt.json | build
	$(title)
	$(Q)$(train) --model $(S)/start --shards $(B)/shards/pretrain
$(S)/teacher/receipt.json: $(call recipe,teacher) $(S)/pretrained/receipt.json $(B)/shards/train/receipt.json | build
	$(title)
	$(Q)$(train) --model $(S)/pretrained --shards $(B)/shards/train
$(S)/teacher-outputs/receipt.json: $(call recipe,cache) $(S)/teacher/receipt.json $(B)/shards/distill/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/cache-teacher --config $< --teacher $(S)/teacher --shards $(B)/shards/distill --cache $(CACHE) --out $(@D)

# Prints the table and keeps it as $(B)/tables/<table>/<table>.csv; the stage knows itself whether anything has changed.
runs_of = $(foreach row,$(1),$(foreach seed,$(shell seq $(SEEDS)),$(A)/$(row)/seed-$(seed)))
$(COMPARISONS): $$(patsubst %,%/scores/receipt.json,$$(call runs_of,$$($$@))) | build
	@printf '\n== %s\n' $@
	$(Q)$(BIN)/compare-runs --runs $(A) $(addprefix --row ,$($@)) --baseline $($@-baseline) --seeds $(SEEDS) $($@-options) \
	    --out $(B)/tables/$@

# Decoding speed of teacher and student, measured and not compared over seeds.
TIMED := $(firstword $(filter pope=% groceries-yesno=%,$(BENCHMARKS)))
table5: $(B)/tables/table5/teacher.jsonl $(B)/tables/table5/student.jsonl
$(B)/tables/table5/teacher.jsonl: $(B)/teacher/receipt.json | build
	$(title)
	@mkdir -p $(@D)
	$(Q)$(BIN)/bench-align-ti --model $(B)/teacher --benchmark $(TIMED) > $@
$(B)/tables/table5/student.jsonl: $(A)/align-ti/seed-1/model/receipt.json | build
	$(title)
	@mkdir -p $(@D)
	$(Q)$(BIN)/bench-align-ti --model $(<D) --benchmark $(TIMED) > $@
