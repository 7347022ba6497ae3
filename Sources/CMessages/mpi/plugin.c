/* The plug-in for one MPI: `make` compiles it with that MPI's compiler wrapper, SwiftPM does not. */
#include "../include/messages.h"

#include <mpi.h>
#include <stdio.h>

/* MPI counts in ints. */
static const size_t most_bytes = (size_t)1 << 30;

static int start(int *rank, int *count) {
    int level;
    int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level);
    if (!error && level < MPI_THREAD_SERIALIZED) error = MPI_ERR_OTHER;
    if (!error) error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (!error) error = MPI_Comm_rank(MPI_COMM_WORLD, rank);
    if (!error) error = MPI_Comm_size(MPI_COMM_WORLD, count);
    return error;
}

static size_t part(size_t bytes, size_t done) {
    size_t left = bytes - done;
    return left < most_bytes ? left : most_bytes;
}

static int exchange(const void *out, size_t out_bytes, int to, void *in, size_t in_bytes, int from) {
    size_t sent = 0, received = 0;
    /* At least one message each way, and as many as either side needs. */
    while (1) {
        size_t sending = part(out_bytes, sent), receiving = part(in_bytes, received);
        int error =
            MPI_Sendrecv((const char *)out + sent, (int)sending, MPI_BYTE, to, 0, (char *)in + received,
                         (int)receiving, MPI_BYTE, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (error) return error;
        sent += sending;
        received += receiving;
        if (sent == out_bytes) to = MPI_PROC_NULL;
        if (received == in_bytes) from = MPI_PROC_NULL;
        if (sent == out_bytes && received == in_bytes) return 0;
    }
}

static int broadcast(void *bytes, size_t count, int from) {
    for (size_t done = 0; done < count;) {
        size_t size = part(count, done);
        int error = MPI_Bcast((char *)bytes + done, (int)size, MPI_BYTE, from, MPI_COMM_WORLD);
        if (error) return error;
        done += size;
    }
    return 0;
}

static int finish(void) { return MPI_Finalize(); }

static void abandon(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

static void describe(int error, char *text, size_t room) {
    char message[MPI_MAX_ERROR_STRING];
    int length = 0;
    if (MPI_Error_string(error, message, &length)) length = 0;
    snprintf(text, room, "%.*s", length, message);
}

const messages_plugin *align_ti_messages(void) {
    static const messages_plugin plugin = {start, exchange, broadcast, finish, abandon, describe};
    return &plugin;
}
