# Trained models on real photographs: DINOv2-small and SmolLM2-135M become the teacher, every third of the
# teacher's layers the student.
#   make distill PIPELINE=photographs PRETRAINED=folder DATA=folder
# PRETRAINED holds smollm2-135m/ and dinov2-small/, each as its publisher has it, and DATA the photographs:
# data-manifests/smollm2-135m.json, dinov2-small.json and groceries.json say where they come from.
PRETRAINED ?= models
ASKED := teacher sft kd align-ti
# A folder where a list of models is expected is taken for the folder of the checkpoints.
ifneq ($(wildcard $(firstword $(MODELS))/smollm2-135m/config.json),)
PRETRAINED := $(firstword $(MODELS))
override MODELS := $(ASKED)
endif
DATA ?= data/groceries
MODELS ?= $(ASKED)

LANGUAGE := $(PRETRAINED)/smollm2-135m
TOWER := $(PRETRAINED)/dinov2-small
TOKENIZER := $(LANGUAGE)
# In F32, so that no stage rounds what the one before has learnt.
TEACHER_PARTS := --language $(LANGUAGE) --vision $(TOWER) --type f32
STUDENT_PARTS = --language $(TEACHER)

# First what a photograph shows, in few words that all depend on it; then whole conversations.
DATA_pretrain := $(DATA)/train.json
OPTIONS_pretrain := --set 'caption.prompt=What is shown in the photo?'
DATA_train := $(DATA)/train.json
DATA_distill := $(DATA)/train.json
# What two cores do in two and a half hours: after captions of all photographs the teacher converses about a
# third of them, the students about a quarter. With `OPTIONS_train= OPTIONS_distill=` it is about all of them.
OPTIONS_train := --set held_back=0.667
OPTIONS_distill := --set held_back=0.75
DATA_heldout := $(DATA)/test.json
IMAGES := $(DATA)/images.zip
# Whole conversations about photographs that are not trained on, each question after the right answers to
# those before it. The groceries' other questions (groceries-yesno, groceries-vqa) begin as no conversation
# does that is trained on.
BENCHMARKS := qa-turns=$(DATA)/test.json

DATA_READY := $(LANGUAGE)/model.safetensors $(TOWER)/model.safetensors $(DATA)/train.json $(DATA)/images.zip
BRING_$(DATA)/train.json := what is in this folder, data-manifests/groceries.json says
BRING_$(DATA)/images.zip := $(BRING_$(DATA)/train.json)
include pipelines/given.mk
