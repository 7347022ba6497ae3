# The demo's chain with models of the paper's other family (Table 11, Figure 10): Llama-form language models
# and a CLIP-form tower, from random weights. The world, the sizes and the training are the demo's.
include pipelines/demo/pipeline.mk
OTHER_FAMILY :=
IS_OTHER_FAMILY := yes
