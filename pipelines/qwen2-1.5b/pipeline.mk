# The paper's Align-TI with Qwen2-1.5B (Table 1): all as in qwen2-0.5b, but for the student.
# A finished teacher serves both: TEACHER=runs/qwen2-0.5b/teacher.
STUDENT_LANGUAGE ?= qwen2-1.5b
LARGER_LANGUAGE ?=
include pipelines/qwen2-0.5b/pipeline.mk
