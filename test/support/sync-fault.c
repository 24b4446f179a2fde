/* Preloaded into a process: makes syncing files slow or broken, as the file named by SYNC_FAULT_FILE says right now:
 * "delay <ms>" or "eio"; anything else, or no file, is an ordinary disk. Each delayed sync adds a byte to the file
 * named by SYNC_COUNT_FILE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int fault(void) {
  const char *path = getenv("SYNC_FAULT_FILE");
  FILE *file = path ? fopen(path, "r") : NULL;
  char word[16] = "";
  long ms = 0;
  if (!file) return 0;
  if (fscanf(file, "%15s %ld", word, &ms) < 1) word[0] = 0;
  fclose(file);
  if (strcmp(word, "eio") == 0) {
    errno = EIO;
    return -1;
  }
  if (strcmp(word, "delay") == 0) {
    FILE *count = fopen(getenv("SYNC_COUNT_FILE"), "a");
    if (count) {
      fputc('.', count);
      fclose(count);
    }
    struct timespec wait = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
  }
  return 0;
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return fault() ? -1 : real(fd);
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return fault() ? -1 : real(fd);
}
