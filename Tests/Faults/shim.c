/* A library for LD_PRELOAD that makes reads and writes of regular files fail or come short.
 *
 *   FAULT=short      a call moves at most a third of what was asked for, at least one byte
 *   FAULT=eintr      every second call is interrupted before it moves anything
 *   FAULT=write:N    the N-th write fails with EIO
 *   FAULT=read:N     the N-th read fails with EIO
 *   FAULT=sync:N     the N-th fsync fails with EIO
 *   FAULT=full:N     writes fail with ENOSPC once N bytes are written
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls, writes, reads, syncs, bytes;

static int is_file(int descriptor) {
    struct stat status;
    int before = errno;
    int found = descriptor > 2 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    errno = before;
    return found;
}

/* The number of a fault that is asked for by name; -1 where another or none is. */
static long asked(const char *name) {
    const char *fault = getenv("FAULT");
    size_t length = strlen(name);
    if (!fault || strncmp(fault, name, length) != 0) return -1;
    return fault[length] == ':' ? atol(fault + length + 1) : 0;
}

static int interrupted(void) {
    if (asked("eintr") < 0 || atomic_fetch_add(&calls, 1) % 2 != 0) return 0;
    errno = EINTR;
    return 1;
}

static int fails(const char *name, atomic_long *count, int code) {
    if (asked(name) < 0 || atomic_fetch_add(count, 1) + 1 != asked(name)) return 0;
    errno = code;
    return 1;
}

static size_t shortened(size_t count) { return asked("short") < 0 || count < 3 ? count : count / 3; }

static int write_fails(size_t count) {
    if (fails("write", &writes, EIO)) return 1;
    if (asked("full") < 0 || atomic_fetch_add(&bytes, (long)count) + (long)count <= asked("full")) return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t write(int descriptor, const void *from, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (!is_file(descriptor)) return real(descriptor, from, count);
    if (interrupted() || write_fails(count)) return -1;
    return real(descriptor, from, shortened(count));
}

ssize_t pwrite(int descriptor, const void *from, size_t count, off_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    if (!is_file(descriptor)) return real(descriptor, from, count, offset);
    if (interrupted() || write_fails(count)) return -1;
    return real(descriptor, from, shortened(count), offset);
}

ssize_t read(int descriptor, void *to, size_t count) {
    static ssize_t (*real)(int, void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "read");
    if (!is_file(descriptor)) return real(descriptor, to, count);
    if (interrupted() || fails("read", &reads, EIO)) return -1;
    return real(descriptor, to, shortened(count));
}

ssize_t pread(int descriptor, void *to, size_t count, off_t offset) {
    static ssize_t (*real)(int, void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pread");
    if (!is_file(descriptor)) return real(descriptor, to, count, offset);
    if (interrupted() || fails("read", &reads, EIO)) return -1;
    return real(descriptor, to, shortened(count), offset);
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    if (is_file(descriptor) && fails("sync", &syncs, EIO)) return -1;
    return real(descriptor);
}
