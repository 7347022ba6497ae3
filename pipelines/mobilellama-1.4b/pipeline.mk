# The paper's other family (section 4.4, Table 11, Figure 10): Vicuna-7B teaches MobileLLaMA-1.4B. The paper
# is silent on how these two are trained, so all that is not said here is as in qwen2-0.5b.
PRETRAINED ?= models
TEACHER_LANGUAGE ?= vicuna-7b
STUDENT_LANGUAGE ?= mobilellama-1.4b
# Silent. Four of the teacher's six scores in Table 11 are those of LLaVA-1.5-7B in Table 1, and this is its
# tower; so LLaVA-1.5-7B as TEACHER=folder may be nearest to the paper.
TOWER ?= clip-l-336
LARGER_LANGUAGE ?=
OTHER_FAMILY :=
IS_OTHER_FAMILY := yes

# Neither the tower nor the tokenizer is published in the form that is read here.
GIVEN := $(if $(TEACHER),,$(PRETRAINED)/$(TOWER)/model.safetensors)
BRING_$(PRETRAINED)/clip-l-336/model.safetensors := make fetch DATASET=clip-l-336 DATA=$(PRETRAINED) && \
    cd $(PRETRAINED)/clip-l-336 && python3 -c "import torch, safetensors.torch as s; \
    w = torch.load(\"pytorch_model.bin\", weights_only=True); s.save_file({k: v.contiguous() for k, v in \
    w.items() if k.startswith(\"vision_model\") and v.is_floating_point()}, \"model.safetensors\")"
BRING_$(PRETRAINED)/vicuna-7b/tokenizer.json := make fetch DATASET=vicuna-7b DATA=$(PRETRAINED) && \
    cd $(PRETRAINED)/vicuna-7b && python3 -c "from transformers import AutoTokenizer as t; \
    t.from_pretrained(\".\").save_pretrained(\".\")"
include pipelines/qwen2-0.5b/pipeline.mk
