# Photographs of groceries: LLaVA JSON and a zip in the folder DATA, and the published tokenizer of Qwen2.
#   make distill PIPELINE=groceries DATA=folder [TOKENIZER=folder]
# data-manifests/groceries.json says where they come from. To start a pipeline for your own data, copy this
# folder.
DATA ?= data/groceries
TOKENIZER ?= $(firstword $(wildcard $(DATA)/tokenizer $(DATA)/../tokenizers/qwen2) $(DATA)/tokenizer)
DATA_pretrain := $(DATA)/train.json
DATA_train := $(DATA)/train.json
DATA_distill := $(DATA)/train.json
DATA_heldout := $(DATA)/test.json
IMAGES := $(DATA)/images.zip
BENCHMARKS := groceries-yesno=$(DATA) groceries-vqa=$(DATA)

DATA_READY := $(DATA)/train.json $(DATA)/images.zip $(TOKENIZER)/tokenizer.json
BRING_$(DATA)/train.json := what is in this folder, data-manifests/groceries.json says
BRING_$(DATA)/images.zip := $(BRING_$(DATA)/train.json)
BRING_$(TOKENIZER)/tokenizer.json := \
    make fetch DATASET=qwen2-0.5b DATA=models, then TOKENIZER=models/qwen2-0.5b
include pipelines/given.mk
