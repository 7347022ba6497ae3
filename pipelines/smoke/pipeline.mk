# The demo shrunk to under two minutes: every stage runs, nothing is learnt. CI uses it.
include pipelines/demo/pipeline.mk
