# The paper's Align-TI with Qwen3-0.6B (Table 1): Qwen3-8B is the teacher, all else is as in qwen2-0.5b.
# Table 10 has smaller teachers too, Qwen3-1.7B and Qwen3-4B. Each is trained in a folder of its own,
#   make runs/qwen3-4b-teacher/teacher/receipt.json PIPELINE=qwen3-0.6b \
#     TEACHER_LANGUAGE=qwen3-4b B=runs/qwen3-4b-teacher
# and `make table10` takes it from there.
TEACHER_LANGUAGE ?= qwen3-8b
STUDENT_LANGUAGE ?= qwen3-0.6b
LARGER_LANGUAGE ?= qwen3-1.7b
smaller = $(patsubst %/receipt.json,%,$(wildcard runs/$(1)-teacher/teacher/receipt.json))
TEACHER_teacher-half ?= $(call smaller,qwen3-1.7b)
TEACHER_teacher-three-quarters ?= $(call smaller,qwen3-4b)
include pipelines/qwen2-0.5b/pipeline.mk
