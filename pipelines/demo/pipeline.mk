# The embedded world: drawn from one seed, so nothing has to be given.
WORLD := $(B)/world
TOKENIZER := $(WORLD)/tokenizer
DATA_pretrain := $(WORLD)/captions.json
DATA_train := $(WORLD)/mixed.json
# The students begin with what the teacher has learnt from.
SETS_student-pretrain := pretrain train
DATA_distill := $(WORLD)/student.json
DATA_heldout := $(WORLD)/heldout.json
# The held-back loss is that of long answers about images that nothing is trained on.
VALIDATION ?= heldout
IMAGES := $(WORLD)/images.tar
# Pipeline of the paper's other family of models, which `make paper` runs for Table 11 and Figure 10.
OTHER_FAMILY := llama
# `validation` instead of `benchmarks` scores the questions that settings may be chosen on.
QUESTIONS ?= benchmarks
BENCHMARKS := $(foreach name,gqa scienceqa textvqa pope mme mmbench,$(name)=$(WORLD)/$(QUESTIONS)/$(name))

DATA_READY := $(WORLD)/receipt.json
$(WORLD)/receipt.json: $(call recipe,world) | build
	$(title)
	$(Q)$(BIN)/make-world --config $< $(out)
