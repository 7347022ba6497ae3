#include "messages.h"

#include <dlfcn.h>
#include <stdio.h>

const messages_plugin *messages_load(const char *path, char *problem, size_t room) {
    /* Global: Open MPI's own components look for their library's symbols among those of the process. */
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    void *entry = library ? dlsym(library, MESSAGES_ENTRY) : NULL;
    if (!entry) {
        const char *text = dlerror();
        snprintf(problem, room, "%s", text ? text : "it is no plug-in of Align-TI");
        return NULL;
    }
    return ((const messages_plugin *(*)(void))entry)();
}
