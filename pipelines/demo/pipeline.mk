# The embedded world: drawn from one seed, so nothing has to be given.
WORLD := $(B)/world
TOKENIZER := $(WORLD)/tokenizer
PRETRAIN_DATA := $(WORLD)/captions.json
TRAIN_DATA := $(WORLD)/mixed.json
DISTILL_DATA := $(WORLD)/student.json
HELDOUT_DATA := $(WORLD)/heldout.json
PRETRAIN_IMAGES := $(WORLD)/images.tar
TRAIN_IMAGES := $(WORLD)/images.tar
DISTILL_IMAGES := $(WORLD)/images.tar
HELDOUT_IMAGES := $(WORLD)/images.tar
# `validation` instead of `benchmarks` scores the questions that settings may be chosen on.
QUESTIONS ?= benchmarks
BENCHMARKS := $(foreach name,gqa scienceqa textvqa pope mme mmbench,$(name)=$(WORLD)/$(QUESTIONS)/$(name))

DATA_READY := $(WORLD)/receipt.json
$(WORLD)/receipt.json: $(call recipe,world) | build
	$(title)
	$(Q)$(BIN)/make-world --config $< --out $(@D)
