#include "bfloat16.h"
#include "images.h"
#include "numeric.h"
