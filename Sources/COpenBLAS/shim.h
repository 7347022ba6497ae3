#include <cblas.h>
/* mallopt: how freed memory stays with the process (Tensors/Machine.swift). */
#include <malloc.h>
