# The paper's data (Table 13 for the students, appendix B.1.1 for the teachers) below DATA, each set in the
# folder of its manifest's name (docs/data.md).
#
# What has to be put together:
# - Fine-tuning, Table 13's nine sets of 2.4M samples: MobileVLM V2's own mix has them all in one file. The
#   paper says that it follows MobileVLM V2 for its data (section 4), not that it took this file.
# - Images: the conversations of all these files name them alike (coco/train2017/…, gqa/images/…), so one
#   folder serves all, DATA/images, into which their archives are unpacked; links to folders elsewhere do too.
#   What is missing there is reported with the command that unpacks it. An empty folder lets make go on:
#   samples without their image are left out, counted and listed (on_bad_sample in pack.yaml).
IMAGES := $(DATA)/images

# Table 13, pretraining: ShareGPT4V-PT, 1.2M captions.
DATA_pretrain := $(DATA)/sharegpt4v-pt/share-captioner_coco_lcs_sam_1246k_1107.json
# Silent; LLaVA's codebase, on which the paper builds (appendix B.1.1), pretrains on captions without their
# questions. There images are squashed to a square at this stage and padded from the next one on; a model here
# has one way for all stages, and pads.
OPTIONS_pretrain := --set template=plain --set end_token=null
# Table 13, fine-tuning, which is when distillation happens (section 4): 2.4M samples.
DATA_distill := $(DATA)/mobilevlm-v2-mix/MobileVLM_V2_FT_Mix2M.json

ifeq ($(TEACHER),)
# Appendix B.1.1, pretraining of the teacher: LLaVA-1.5's 558K captions.
DATA_teacher-pretrain := $(DATA)/llava-pretrain/blip_laion_cc_sbu_558k.json
IMAGES_teacher-pretrain := $(DATA)/llava-pretrain/images.zip
OPTIONS_teacher-pretrain := $(OPTIONS_pretrain)
# Appendix B.1.1, its fine-tuning: LLaVA-1.5's mix of 665K.
DATA_train := $(DATA)/llava-mix665k/llava_v1_5_mix665k.json
endif

# Appendix B.4.1: exposure bias is measured on 1,000 samples of the training data with more than 100 tokens of
# response, which are not trained on. The paper takes out these alone; here a share of the images is held back
# with all that is said about them. One in a hundred, 24,000 samples, should have 1,000 so long ones: that was
# not counted. HELD_BACK=0 trains on all, and `make exposure` then has no data.
HELD_BACK ?= 0.01
ifneq ($(HELD_BACK),0)
OPTIONS_distill := --set held_back=$(HELD_BACK)
DATA_heldout := $(DATA_distill)
OPTIONS_heldout := $(OPTIONS_distill) --set part=held_back
endif

# Section 4: six benchmarks (appendix B.2). One that cannot be had is left out: BENCHMARKS='gqa=data/gqa …'.
BENCHMARKS ?= $(foreach name,gqa scienceqa textvqa pope mme mmbench,$(name)=$(DATA)/$(name))
files_gqa := testdev_balanced_questions.json images
files_scienceqa := problems.json images/test
files_textvqa := TextVQA_0.5.1_val.json train_images
files_pope := coco/coco_pope_adversarial.json val2014
files_mme := MME_Benchmark_release_version
files_mmbench := mmbench_dev_20230712.tsv
asked_files = $(addprefix $(lastword $(1))/,$(files_$(firstword $(1))))

# Folders of images that the conversations name; the teacher's mix names none besides.
FOLDERS := coco/train2017 coco/val2017 gqa/images iconqa_data/iconqa/train llava/llava_pretrain/images \
    ocr_vqa/images sam/images SBU/images ScienceQA/train share_textvqa/images textvqa/train_images \
    vg/VG_100K vg/VG_100K_2 web-celebrity/images web-landmark/images wikiart/images
DATA_READY += $(sort $(DATA_pretrain) $(DATA_teacher-pretrain) $(IMAGES_teacher-pretrain) $(DATA_train) \
    $(DATA_distill))
GIVEN += $(FOLDERS:%=$(IMAGES)/%) \
    $(foreach benchmark,$(BENCHMARKS),$(call asked_files,$(subst =, ,$(benchmark))))

# --- what brings what is missing ----------------------------------------------------------------------------
# $(call unpacked,manifest,archive,folder,members)
unpacked = make fetch DATASET=$(1) DATA=$(DATA) && mkdir -p $(3) && \
    unzip -q $(DATA)/$(1)/$(2)$(4:%= %) -d $(3)
by_hand = data-manifests/$(1).json says how; an empty folder leaves these samples out
BRING_$(IMAGES)/coco/train2017 := $(call unpacked,coco-2017,train2017.zip,$(IMAGES)/coco)
BRING_$(IMAGES)/coco/val2017 := $(call unpacked,coco-2017,val2017.zip,$(IMAGES)/coco)
BRING_$(IMAGES)/gqa/images := $(call unpacked,gqa-images,images.zip,$(IMAGES)/gqa)
BRING_$(IMAGES)/iconqa_data/iconqa/train := $(call unpacked,iconqa,iconqa_data.zip,$(IMAGES))
BRING_$(IMAGES)/llava/llava_pretrain/images := \
    $(call unpacked,llava-pretrain,images.zip,$(IMAGES)/llava/llava_pretrain/images)
BRING_$(IMAGES)/ocr_vqa/images := $(call by_hand,ocr-vqa)
BRING_$(IMAGES)/sam/images := $(call by_hand,sam-images)
BRING_$(IMAGES)/SBU/images := $(call by_hand,sbu)
BRING_$(IMAGES)/ScienceQA/train := $(call unpacked,scienceqa,train.zip,$(IMAGES)/ScienceQA)
BRING_$(IMAGES)/textvqa/train_images := $(call unpacked,textvqa-images,train_val_images.zip,$(IMAGES)/textvqa)
BRING_$(IMAGES)/vg/VG_100K := $(call unpacked,visual-genome,images.zip,$(IMAGES)/vg)
BRING_$(IMAGES)/vg/VG_100K_2 := $(call unpacked,visual-genome,images2.zip,$(IMAGES)/vg)
$(foreach name,share_textvqa web-celebrity web-landmark wikiart,\
    $(eval BRING_$(IMAGES)/$(name)/images := $(call by_hand,sharegpt4v-web)))

BRING_$(DATA)/gqa/testdev_balanced_questions.json := \
    $(call unpacked,gqa,questions1.2.zip,$(DATA)/gqa,testdev_balanced_questions.json)
BRING_$(DATA)/gqa/images := $(call unpacked,gqa-images,images.zip,$(DATA)/gqa,"images/n*")
BRING_$(DATA)/scienceqa/images/test := $(call unpacked,scienceqa,test.zip,$(DATA)/scienceqa/images)
BRING_$(DATA)/textvqa/train_images := $(call unpacked,textvqa-images,train_val_images.zip,$(DATA)/textvqa)
BRING_$(DATA)/pope/val2014 := $(call unpacked,coco-2014,val2014.zip,$(DATA)/pope)
BRING_$(DATA)/mme/MME_Benchmark_release_version := data-manifests/mme.json says how; or BENCHMARKS without it
