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
# What each compares.
table3-title := Parts of the objective
table4-title := Other ways to distil
table6-title := Scores and what the training cost
table7-title := Who weights the visual tokens
table8-title := How candidates are proposed
table9-title := Candidates a position
table10-title := Divergence of TPA and IVA
table16-title := Size of the teacher
figure4-title := The models whose exposure bias is measured
figure6-title := Layer of IVA
figure7-title := Share of the data
figure9-title := Weights of the terms

COMPARISONS := table3 table4 table6 table7 table8 table9 table10 table16 figure4 figure6 figure7 figure9

# The row that the others are tested against: kd unless said here.
$(foreach table,$(COMPARISONS),$(eval $(table)-baseline := kd))
table7-baseline := iva-uniform
table8-baseline := kd-iva
table9-baseline := kd-iva
table10-baseline := align-ti
figure6-baseline := kd-tpa
figure9-baseline := align-ti
# What the paper is known to find (its order is SFT, vanilla KD, Align-TI), said beside what is found here.
$(foreach table,$(COMPARISONS),$(if $(filter kd,$($(table)-baseline)),$(eval $(table)-options := \
    $(addprefix --published-below ,$(filter sft,$($(table)))) $(addprefix --published-above ,$(filter align-ti,$($(table)))))))
# Training time and memory beside the scores.
table6-options += --costs

.PHONY: paper $(COMPARISONS) table5 table14
paper: $(COMPARISONS) table5 table14

# From a stem such as kd/seed-2: row, seed, recipe, and the folder that holds its teacher.
row_of = $(firstword $(subst /, ,$(1)))
seed_of = $(patsubst seed-%,%,$(lastword $(subst /, ,$(1))))
row_file = pipelines/ablations/$(call row_of,$(1)).yaml
COMMON := $(if $(wildcard $(P)/ablations.yaml),$(call recipe,ablations))
teacher_of = $(if $(filter %-small-teacher,$(call row_of,$(1))),$(A)/teachers/small,$(B))

.SECONDEXPANSION:
$(A)/%/model/receipt.json: $$(call row_file,$$*) $$(call bases,$$(call row_file,$$*)) $(call recipe,align-ti) $(COMMON) \
    $(B)/student-pretrained/receipt.json $(B)/shards/distill/receipt.json \
    $$(call teacher_of,$$*)/teacher/receipt.json $$(call teacher_of,$$*)/teacher-outputs/receipt.json | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/train-student $(addprefix --config ,$(P)/align-ti.yaml $(firstword $(COMMON)) $<) --set seed=$(call seed_of,$*) \
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
	$(Q)$(BIN)/compare-runs --runs $(A) $(addprefix --row ,$($@)) --baseline $($@-baseline) --seeds $(SEEDS) --title '$($@-title)' \
	    $($@-options) --out $(B)/tables/$@
	$(if $(filter $@,$(CURVES)),@cat $(B)/figures/$@/table.txt)

# Exposure bias of a figure's models, as curves; those of the first seed: the bands are over samples.
CURVES := figure4 figure6
first_runs = $(foreach row,$(1),$(A)/$(row)/seed-1/model)
named_runs = $(foreach row,$(1),$(2) $(row)=$(A)/$(row)/seed-1/model)
$(CURVES): %: $(B)/figures/%/receipt.json
$(B)/figures/%/receipt.json: $(call recipe,exposure) $(B)/teacher/receipt.json $(B)/shards/heldout/receipt.json \
    $$(addsuffix /receipt.json,$$(call first_runs,$$($$*))) | build
	$(title)
	$(Q)$(LAUNCH) $(BIN)/measure-exposure --config $< --teacher $(B)/teacher $(call named_runs,$($*),--student) \
	    --shards $(B)/shards/heldout --out $(@D) >/dev/null

# Answering with teacher and student, and what the objectives of table 6 took in training. Costs, so one run of each.
table5: $(B)/tables/table5/receipt.json
	@cat $(<D)/table.txt
table14: $(B)/tables/table14/receipt.json
	@cat $(<D)/table.txt
$(B)/tables/table5/receipt.json: $(call recipe,efficiency) $(B)/teacher/receipt.json $$(call first_runs,align-ti)/receipt.json | build
	$(title)
	$(Q)$(BIN)/measure-efficiency --config $< --model teacher=$(B)/teacher $(call named_runs,align-ti,--model) --out $(@D) >/dev/null
$(B)/tables/table14/receipt.json: $(call recipe,efficiency) $$(addsuffix /receipt.json,$$(call first_runs,$$(table6))) | build
	$(title)
	$(Q)$(BIN)/measure-efficiency --config $< $(call named_runs,$(table6),--run) --out $(@D) >/dev/null
