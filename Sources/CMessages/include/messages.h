#ifndef ALIGN_TI_MESSAGES_H
#define ALIGN_TI_MESSAGES_H

#include <stddef.h>

/* Passing bytes between the processes of one run.
 *
 * MPI's types differ between its implementations, so each has a plug-in that `make` builds against it
 * (mpi/plugin.c); this target loads the one that fits whoever started the process. Without MPI nothing of it
 * is needed to build or run. */

/* What a plug-in offers. All functions return 0, or MPI's error code; one thread calls them at a time. */
typedef struct {
    /* Joins the run. */
    int (*start)(int *rank, int *count);
    /* Sends to one process while it receives from another. */
    int (*exchange)(const void *out, size_t out_bytes, int to, void *in, size_t in_bytes, int from);
    /* Gives all processes the bytes that `from` has. */
    int (*broadcast)(void *bytes, size_t count, int from);
    /* Leaves the run, once all processes do. */
    int (*finish)(void);
    /* Ends the processes of the run, this one with `status`. */
    void (*abandon)(int status);
    /* Text of an error code, at most `room` bytes. */
    void (*describe)(int error, char *text, size_t room);
} messages_plugin;

/* Name of the function of a plug-in that returns it. */
#define MESSAGES_ENTRY "align_ti_messages"

/* Loads a plug-in.
 *
 * problem: what the dynamic linker says where the result is null, at most `room` bytes */
const messages_plugin *messages_load(const char *path, char *problem, size_t room);

#endif
