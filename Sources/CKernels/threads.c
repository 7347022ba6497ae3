#define _GNU_SOURCE
#include <sched.h>
#include "threads.h"

int ck_allowed_processors(void) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    /* It fails where there are more processors than the set has room for. */
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    int count = CPU_COUNT(&allowed);
    return count > 0 ? count : 1;
}
