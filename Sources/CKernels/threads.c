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

void ck_limit_processors(int count, int skipping) {
    cpu_set_t allowed, kept;
    CPU_ZERO(&allowed);
    CPU_ZERO(&kept);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    for (int processor = 0; processor < CPU_SETSIZE && count > 0; processor++) {
        if (!CPU_ISSET(processor, &allowed)) continue;
        if (skipping > 0) {
            skipping--;
        } else {
            CPU_SET(processor, &kept);
            count--;
        }
    }
    /* Without any left it changes nothing. */
    sched_setaffinity(0, sizeof kept, &kept);
}
