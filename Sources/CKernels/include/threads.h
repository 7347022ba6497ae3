#ifndef CK_THREADS_H
#define CK_THREADS_H

/* Tells the processor that a thread asks again and again for what another will write. */
static inline void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Processors that the calling thread may run on, 1 at least. */
int ck_allowed_processors(void);

/* Leaves the calling thread, and those it makes, the first `count` of its processors after `skipping`. */
void ck_limit_processors(int count, int skipping);

#endif
