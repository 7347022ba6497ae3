#include "bfloat16.h"
#include "bytes.h"
#include "images.h"
#include "numeric.h"
