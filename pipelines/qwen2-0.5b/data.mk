# The paper's data (Table 13 for the students, appendix B.1.1 for the teachers) below DATA, each set in the
# folder of its manifest's name (docs/data.md).
#
# What has to be put together:
# - Fine-tuning: Table 13's nine sets, a part of the mixture each, from their own publishers. convert-data
#   makes conversations of them. MobileVLM V2's own mix has all nine in one file, in words of its own: the
#   paper says that it follows MobileVLM V2 for its data (section 4), not that it took this file.
#   `SETS_distill=` takes it.
# - Images: the conversations of all these sets name them alike (coco/train2017/…, gqa/images/…), so one
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
# Table 13, fine-tuning, which is when distillation happens (section 4): 2.4M samples of nine sets. Without
# one of them: SETS_distill='scienceqa textvqa …'.
SETS_distill ?= vsr scienceqa textvqa vigc iconqa visual-dialog coco-2017 sharegpt4v sbu
# Table 13, #Samples: an epoch has so many of a set, whichever part of it could be had. `SAMPLES_sbu=` on the
# command line sees what there is once.
SAMPLES_vsr := 13000            # VSR, 13K: validated statements of all splits are 10,972
SAMPLES_scienceqa := 13000      # SQA, 13K: the train split, 12,726
SAMPLES_textvqa := 35000        # Text-VQA, 35K: the train split, 34,602
SAMPLES_vigc := 37000           # VIGC, 37K
SAMPLES_iconqa := 107000        # IconQA, 107K: all splits are 107,439, of which 49,767 are about one image
SAMPLES_visual-dialog := 123000 # Visual Dialog, 123K: 123,287
SAMPLES_coco-2017 := 592000     # COCO, 592K: captions of train2017, 591,753
SAMPLES_sharegpt4v := 665000    # ShareGPT4V, 665K
SAMPLES_sbu := 844000           # SBU, 844K: of a million, what Flickr still has
ifeq ($(strip $(SETS_distill)),)
DATA_distill := $(DATA)/mobilevlm-v2-mix/MobileVLM_V2_FT_Mix2M.json
endif

# Conversations of a set, which all pipelines share; what they are made of; and how. No split is converted
# that one of the six benchmarks asks about: of VSR and IconQA, which none does, the paper's counts are those
# of all.
CONVERSATIONS ?= $(DATA)/conversations
ALL_SPLITS := --set 'splits=[train, val, test]'
FROM_vsr := $(foreach split,train dev test,random/$(split).jsonl)
CONVERT_vsr := $(ALL_SPLITS) --set image_folder=coco
FROM_scienceqa := problems.json pid_splits.json
CONVERT_scienceqa := --set image_folder=ScienceQA
FROM_textvqa := TextVQA_0.5.1_train.json
CONVERT_textvqa := --set image_folder=textvqa
FROM_iconqa := iconqa_data.zip
CONVERT_iconqa := $(ALL_SPLITS)
FROM_visual-dialog := visdial_1.0_train.json
CONVERT_visual-dialog := --coco $(DATA)/coco-2017 --set image_folder=coco
FROM_coco-2017 := annotations/captions_train2017.json
CONVERT_coco-2017 := --set image_folder=coco
FROM_sharegpt4v := sharegpt4v_mix665k_cap23k_coco-ap9k_lcs3k_sam9k_div2k.json
FROM_sbu := sbu-captions-all.json
CONVERTED := $(filter-out vigc,$(SETS_distill))
# No file of its own is published; one that is made by hand has conversations already.
FROM_vigc := vigc.json
DATA_vigc := $(DATA)/vigc/vigc.json
from = $(FROM_$(1):%=$(DATA)/$(1)/%)
$(foreach set,$(CONVERTED),$(eval DATA_$(set) := $(CONVERSATIONS)/$(set)/$(set).json))
$(foreach set,$(CONVERTED),$(eval $(B)/shards/$(set)/receipt.json: $(CONVERSATIONS)/$(set)/receipt.json))
$(foreach set,$(CONVERTED),$(eval $(CONVERSATIONS)/$(set)/receipt.json: $(call from,$(set))))
DATA_MADE := $(CONVERTED:%=$(CONVERSATIONS)/%/receipt.json)
$(DATA_MADE): $(CONVERSATIONS)/%/receipt.json: \
    $(call with_bases,pipelines/qwen2-0.5b/convert.yaml) | build
	@printf '\n== conversations of %s\n' '$*'
	$(Q)$(BIN)/convert-data --from $* --config $< --data $(DATA)/$* $(CONVERT_$*) $(out)

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
# Which images are held back depends on their names alone: it is the same in all sets.
$(foreach set,$(SETS_distill),$(eval OPTIONS_$(set) := $(OPTIONS_distill)))
DATA_heldout := $(or $(foreach set,$(SETS_distill),$(DATA_$(set))),$(DATA_distill))
OPTIONS_heldout := $(OPTIONS_distill) --set part=held_back
$(B)/shards/heldout/receipt.json: $(DATA_MADE)
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
GIVEN += $(sort $(foreach set,$(SETS_distill),$(call from,$(set))) \
    $(if $(filter visual-dialog,$(SETS_distill)),$(call from,coco-2017) \
    $(DATA)/coco-2017/annotations/captions_val2017.json)) $(FOLDERS:%=$(IMAGES)/%) \
    $(foreach benchmark,$(BENCHMARKS),$(call asked_files,$(subst =, ,$(benchmark))))

# --- what brings what is missing ----------------------------------------------------------------------------
# $(call unpacked,manifest,archive,folder,members)
unpacked = make fetch DATASET=$(1) DATA=$(DATA) && mkdir -p $(3) && \
    unzip -q $(DATA)/$(1)/$(2)$(4:%= %) -d $(3)
by_hand = data-manifests/$(1).json says how; an empty folder leaves these samples out
BRING_$(DATA)/vigc/vigc.json := data-manifests/vigc.json says what there is; SETS_distill="$(strip \
    $(filter-out vigc,$(SETS_distill)))" leaves it out; SETS_distill= takes all sets from one file
BRING_$(DATA)/visual-dialog/$(FROM_visual-dialog) := \
    $(call unpacked,visual-dialog,visdial_1.0_train.zip,$(DATA)/visual-dialog)
coco_captions = annotations/captions_$(1)2017.json
$(foreach split,train val,$(eval BRING_$(DATA)/coco-2017/annotations/captions_$(split)2017.json := \
    $(call unpacked,coco-2017,annotations_trainval2017.zip,$(DATA)/coco-2017,$(call \
    coco_captions,$(split)))))
BRING_$(DATA)/sbu/$(FROM_sbu) := make fetch DATASET=sbu DATA=$(DATA) && \
    tar xzf $(DATA)/sbu/sbu-captions-all.tar.gz -C $(DATA)/sbu
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
