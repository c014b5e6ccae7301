/* Runs the program of a shared library on memory that comes in at one end and goes out at the other.

   emulated LIBRARY < description > memory

   The description is a row of 8-byte integers: threads, steps, buffers, extents, bytes of the
   barrier, words of the times; then the extents; then for each buffer its bytes, the bytes that it
   moves on by at every step, and whether its contents follow. What lies around the buffers is
   filled with a pattern, and must still be so at the end. */

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 256, PATTERN = 0xA5, MOST = 64 };

typedef void (*program_t)(void *context, int64_t thread, int64_t threads);

static program_t program;
static void *context[6];
static int64_t threads;

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void take(void *memory, size_t bytes) {
    if (fread(memory, 1, bytes, stdin) != bytes) fail("the description ends too early");
}

static void *zeros(size_t bytes) {
    void *memory = NULL;
    if (posix_memalign(&memory, 128, bytes + 128)) fail("no memory");
    return memset(memory, 0, bytes + 128);
}

static void *work(void *number) {
    program(context, (int64_t)(intptr_t)number, threads);
    return NULL;
}

int main(int count, char **arguments) {
    void *library = count == 2 ? dlopen(arguments[1], RTLD_NOW) : NULL;
    if (!library) fail(count == 2 ? dlerror() : "expected the name of a library");
    program = (program_t)dlsym(library, "program");
    if (!program) fail("the library has no program");

    int64_t head[6];
    take(head, sizeof head);
    threads = head[0];
    int64_t buffers = head[2], *extents = zeros(8 * head[3]);
    take(extents, 8 * head[3]);
    char **pointers = zeros(8 * buffers), **kept = zeros(8 * buffers);
    int64_t *strides = zeros(8 * buffers), *sizes = zeros(8 * buffers);
    for (int64_t i = 0; i < buffers; i++) {
        int64_t form[3];
        take(form, sizeof form);
        sizes[i] = form[0];
        strides[i] = form[1];
        char *memory = zeros(form[0] + 2 * MARGIN);
        memset(memory, PATTERN, form[0] + 2 * MARGIN);
        pointers[i] = kept[i] = memory + MARGIN;
        memset(kept[i], 0, form[0]);
        if (form[2]) take(kept[i], form[0]);
    }
    void *table[6] = {pointers, extents, strides, zeros(head[4]), zeros(8 * head[5]), NULL};
    memcpy(context, table, sizeof table);
    context[5] = (void *)(intptr_t)head[1];

    pthread_t team[MOST];
    for (int64_t i = 1; i < threads; i++)
        if (pthread_create(&team[i], NULL, work, (void *)(intptr_t)i)) fail("no thread");
    work(NULL);
    for (int64_t i = 1; i < threads; i++) pthread_join(team[i], NULL);

    for (int64_t i = 0; i < buffers; i++) {
        for (int j = 1; j <= MARGIN; j++)
            if ((unsigned char)kept[i][-j] != PATTERN ||
                (unsigned char)kept[i][sizes[i] + j - 1] != PATTERN)
                fail("memory around a buffer was written");
        fwrite(kept[i], 1, sizes[i], stdout);
    }
    fwrite(table[4], 8, head[5], stdout);
    return 0;
}
