#include "numeric.h"
#include "images.h"
