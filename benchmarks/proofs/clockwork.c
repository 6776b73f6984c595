/* Loaded into a process (LD_PRELOAD) in front of libfaketime, which does not know sem_clockwait(3), so that a lock of
   Python with a time limit waits for as long as the quick clock says; and, if asked to, a disk that is slow to write.

   CLOCK_RATE: how many seconds go by in one; SLOW_DISK: microseconds that fsync(2) takes longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
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
