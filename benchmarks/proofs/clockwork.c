/* Loaded into a process (LD_PRELOAD) in front of libfaketime, which does not know sem_clockwait(3), so that a lock of
   Python with a time limit waits for as long as the quick clock says. If asked to: a wall clock that is set from outside,
   while the monotonic one goes on as it was; and a disk that is slow to write.

   CLOCK_RATE: how many seconds go by in one. CLOCK_OFFSET: a file that says how many seconds the wall clock is off.
   SLOW_DISK: microseconds that fsync(2) takes longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double number(const char *name, double otherwise) {
    const char *told = getenv(name);
    return told ? atof(told) : otherwise;
}

static double seconds(const struct timespec *at) { return at->tv_sec + at->tv_nsec / 1e9; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*get)(clockid_t, struct timespec *);
    if (!get) get = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = get(clock, now);
    const char *path = clock == CLOCK_REALTIME ? getenv("CLOCK_OFFSET") : NULL;
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        char told[32] = {0};
        if (read(file, told, sizeof told - 1) > 0) now->tv_sec += atol(told);
        close(file);
    }
    return failed;
}

int sem_clockwait(sem_t *lock, clockid_t clock, const struct timespec *until) {
    int (*wait)(sem_t *, clockid_t, const struct timespec *) = dlsym(RTLD_NEXT, "sem_clockwait");
    struct timespec told, real;
    clock_gettime(clock, &told);
    syscall(SYS_clock_gettime, clock, &real);
    double end = seconds(&real) + (seconds(until) - seconds(&told)) / number("CLOCK_RATE", 1);
    if (end < 0) end = 0;
    real.tv_sec = (time_t)end;
    real.tv_nsec = (long)((end - (double)real.tv_sec) * 1e9);
    return wait(lock, clock, &real);
}

int fsync(int file) {
    int (*sync)(int) = dlsym(RTLD_NEXT, "fsync");
    struct timespec longer = {0, (long)number("SLOW_DISK", 0) * 1000};
    if (longer.tv_nsec) syscall(SYS_nanosleep, &longer, NULL);
    return sync(file);
}
