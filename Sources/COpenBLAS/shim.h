#include <cblas.h>
/* mallopt: how freed tensors stay with the process (Tensors/Machine.swift). */
#include <malloc.h>
