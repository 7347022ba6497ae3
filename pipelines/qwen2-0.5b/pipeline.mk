# Align-TI as the paper has it, by its settings (Tables 12 and 13, section 4, appendix B): Qwen2-7B teaches
# Qwen2-0.5B. The other four pipelines of the paper, qwen2-1.5b, qwen3-0.6b, qwen3-1.7b and mobilellama-1.4b,
# include this file and say what differs; their recipes are based on those here.
#   make distill PIPELINE=qwen2-0.5b PRETRAINED=folder DATA=folder
#   make distill PIPELINE=qwen2-0.5b PRETRAINED=folder DATA=folder TEACHER=folder
# docs/pipelines.md, The paper's own runs, says how to begin; docs/scaling.md, what it takes. A recipe cites
# the paper behind every setting; "silent" says that the paper does not, then what was chosen and why. What a
# recipe does not name keeps its default (docs/recipes.md). Nobody has run these pipelines from end to end.

# --- models -------------------------------------------------------------------------------------------------
# PRETRAINED holds the published ones, each in the folder of its manifest's name.
PRETRAINED ?= models
# Section 4, Implementation Details: teacher and student are of one series.
TEACHER_LANGUAGE ?= qwen2-7b
STUDENT_LANGUAGE ?= qwen2-0.5b
# Appendix B.1.1 has "SigLIP-B/14", Table 2 "SigLIP-B". No SigLIP of that name was published: B has patches of
# 16 pixels. This is the one with patches of 14, which the authors' evaluation code has too.
TOWER ?= siglip-so400m
# Table 17: the larger student beside this one (`make table17`).
LARGER_LANGUAGE ?= qwen2-1.5b
STUDENT_PARTS_student-larger := $(LARGER_LANGUAGE:%=--language $(PRETRAINED)/%)
# Table 11 is of another family (`make paper`).
OTHER_FAMILY ?= mobilellama-1.4b

# No finished teacher comes with the paper: it is trained here as appendix B.1.1 says, or given as
# TEACHER=folder, a LLaVA checkpoint. Then neither its parts nor its data are needed.
TEACHER_PARTS := --language $(PRETRAINED)/$(TEACHER_LANGUAGE) --vision $(PRETRAINED)/$(TOWER)
STUDENT_PARTS := --language $(PRETRAINED)/$(STUDENT_LANGUAGE)
# One for both, so that ids mean the same: the teacher's.
TOKENIZER := $(or $(TEACHER),$(PRETRAINED)/$(TEACHER_LANGUAGE))
DATA_READY := $(foreach name,$(if $(TEACHER),,$(TEACHER_LANGUAGE) $(TOWER)) $(STUDENT_LANGUAGE),\
    $(PRETRAINED)/$(name)/config.json) $(TOKENIZER)/tokenizer.json
GIVEN += $(TEACHER:%=%/config.json)
BRING_$(TEACHER)/config.json := TEACHER is the folder of a LLaVA checkpoint; without it one is trained
BRING_$(TEACHER)/tokenizer.json := $(BRING_$(TEACHER)/config.json)
# Table 1's row. SFT and KD beside it (Tables 15 and 16) are rows of `make table15`.
MODELS ?= teacher align-ti

# --- data ---------------------------------------------------------------------------------------------------
DATA ?= data
include pipelines/qwen2-0.5b/data.mk
include pipelines/given.mk
