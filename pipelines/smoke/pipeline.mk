# The demo shrunk to about a minute: every stage runs, nothing is learnt. CI uses it.
include pipelines/demo/pipeline.mk
OTHER_FAMILY :=
