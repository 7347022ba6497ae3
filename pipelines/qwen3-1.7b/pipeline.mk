# The paper's Align-TI with Qwen3-1.7B (Table 1): Qwen3-8B is the teacher, all else is as in qwen2-0.5b.
# A finished teacher serves this and qwen3-0.6b: TEACHER=runs/qwen3-0.6b/teacher.
TEACHER_LANGUAGE ?= qwen3-8b
STUDENT_LANGUAGE ?= qwen3-1.7b
LARGER_LANGUAGE ?=
include pipelines/qwen2-0.5b/pipeline.mk
