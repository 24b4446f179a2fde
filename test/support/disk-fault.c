/* Preloaded into a process: makes the disk slow, broken or full for files whose path begins with
 * DISK_FAULT_FOLDER, or the process die there, as the file named by DISK_FAULT_FILE says right now:
 *
 *   delay <ms>          each sync takes so long, and adds a byte to the file named by DISK_COUNT_FILE
 *   eio                 each sync fails
 *   full                each write to a file fails for want of space
 *   die <point> <n>     the process is gone at the n-th time it passes the point of a write to the log's journal:
 *                       before-write, mid-write, after-write, before-sync, after-sync
 *
 * Anything else, or no file, is an ordinary disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* As after SIGKILL. */
#define KILLED 137

struct fault {
  char word[16];
  char point[16];
  long number;
};

/* The database's writes come from one thread. */
static long passed = 0;

static struct fault current(void) {
  const char *path = getenv("DISK_FAULT_FILE");
  FILE *file = path ? fopen(path, "r") : NULL;
  struct fault fault = {"", "", 0};
  if (!file) return fault;
  if (fscanf(file, "%15s", fault.word) != 1) fault.word[0] = 0;
  if (strcmp(fault.word, "delay") == 0 && fscanf(file, "%ld", &fault.number) != 1) fault.word[0] = 0;
  if (strcmp(fault.word, "die") == 0 && fscanf(file, "%15s %ld", fault.point, &fault.number) != 2) fault.word[0] = 0;
  fclose(file);
  return fault;
}

static int is_below_folder(int fd, char *path, size_t size) {
  const char *folder = getenv("DISK_FAULT_FOLDER");
  char link[64];
  ssize_t length;
  if (!folder) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink(link, path, size - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int is_journal(const char *path) {
  size_t length = strlen(path);
  return length > 4 && strcmp(path + length - 4, "-wal") == 0;
}

static int dies_at(const struct fault *fault, const char *point) {
  if (strcmp(fault->word, "die") != 0 || strcmp(fault->point, point) != 0) return 0;
  return ++passed == fault->number;
}

static int refuses_sync(const struct fault *fault) {
  if (strcmp(fault->word, "eio") == 0) {
    errno = EIO;
    return 1;
  }
  if (strcmp(fault->word, "delay") == 0) {
    FILE *count = fopen(getenv("DISK_COUNT_FILE"), "a");
    if (count) {
      fputc('.', count);
      fclose(count);
    }
    struct timespec wait = {fault->number / 1000, (fault->number % 1000) * 1000000};
    nanosleep(&wait, NULL);
  }
  return 0;
}

static int sync_with(int fd, const char *name) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  char path[4096];
  if (!is_below_folder(fd, path, sizeof path)) return real(fd);
  struct fault fault = current();
  if (refuses_sync(&fault)) return -1;
  if (is_journal(path) && dies_at(&fault, "before-sync")) _exit(KILLED);
  int result = real(fd);
  if (is_journal(path) && dies_at(&fault, "after-sync")) _exit(KILLED);
  return result;
}

int fsync(int fd) { return sync_with(fd, "fsync"); }
int fdatasync(int fd) { return sync_with(fd, "fdatasync"); }

typedef ssize_t (*write_call)(int, const void *, size_t);
typedef ssize_t (*pwrite_call)(int, const void *, size_t, off64_t);

/* `at` below 0: where the file stands. */
static ssize_t really_write(int fd, const void *bytes, size_t count, off64_t at) {
  if (at < 0) return ((write_call)dlsym(RTLD_NEXT, "write"))(fd, bytes, count);
  return ((pwrite_call)dlsym(RTLD_NEXT, "pwrite64"))(fd, bytes, count, at);
}

static ssize_t write_at(int fd, const void *bytes, size_t count, off64_t at) {
  char path[4096];
  if (!is_below_folder(fd, path, sizeof path)) return really_write(fd, bytes, count, at);
  struct fault fault = current();
  if (strcmp(fault.word, "full") == 0) {
    errno = ENOSPC;
    return -1;
  }
  if (!is_journal(path)) return really_write(fd, bytes, count, at);
  if (dies_at(&fault, "before-write")) _exit(KILLED);
  if (dies_at(&fault, "mid-write")) {
    really_write(fd, bytes, count / 2, at);
    _exit(KILLED);
  }
  ssize_t written = really_write(fd, bytes, count, at);
  if (dies_at(&fault, "after-write")) _exit(KILLED);
  return written;
}

ssize_t write(int fd, const void *bytes, size_t count) { return write_at(fd, bytes, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return write_at(fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return write_at(fd, bytes, count, at); }
