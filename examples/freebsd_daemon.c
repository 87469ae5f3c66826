/*
 * The loop of FreeBSD's hv_vss_daemon(8), a client of /dev/hv_fsvss_dev: poll, read a request, act,
 * write the answer. What FreeBSD does through /dev/ufssuspend is done here with Linux's FIFREEZE
 * and FITHAW, for the directories that are named on the command line, in that order; they thaw in
 * the opposite one.
 *
 *     freebsd_daemon DIRECTORY...
 *
 * It shows the interface; vss-freezer is what guards a real machine. What this program leaves
 * frozen when it is killed stays so, other than on FreeBSD, until it is started again with the same
 * directories: vssd then tells it THAW at once.
 */
#include <sys/ioccom.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <linux/fs.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <dev/hyperv/hv_snapshot.h>

#define DIRECTORIES_MAX 16

static int directories[DIRECTORIES_MAX];
static int count;
static int frozen; /* of them, from the first on */

/* With nothing frozen by this process, one before it may have been killed: then EINVAL says that it
 * had frozen nothing either, and having nothing to thaw is success. */
static int thaw(void) {
  int result = 0;

  for (int i = (frozen > 0 ? frozen : count) - 1; i >= 0; i--) {
    if (ioctl(directories[i], FITHAW, 0) == 0) continue;
    if (frozen == 0 && errno == EINVAL) continue;
    if (result == 0) result = errno;
  }
  frozen = 0;
  return result;
}

static int freeze(void) {
  if (frozen > 0) return EBUSY;
  for (; frozen < count; frozen++) {
    if (ioctl(directories[frozen], FIFREEZE, 0) < 0) {
      int result = errno;
      if (frozen > 0) thaw();
      return result;
    }
  }
  return 0;
}

static int act(uint32_t operation) {
  switch (operation) {
    case HV_VSS_CHECK: return 0;
    case HV_VSS_FREEZE: return freeze();
    case HV_VSS_THAW: return thaw();
    default: return EINVAL;
  }
}

/* The program itself lies on `/`: frozen, it could not thaw. */
static int open_directory(const char* path) {
  struct stat root, directory;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0 || fstat(fd, &directory) < 0 || stat("/", &root) < 0) err(EXIT_FAILURE, "%s", path);
  if (directory.st_dev == root.st_dev) errx(EXIT_FAILURE, "%s: is not frozen, it is on /", path);
  return fd;
}

int main(int argc, char** argv) {
  struct hv_vss_opt_msg message;
  struct pollfd ready;

  if (argc < 2 || argc - 1 > DIRECTORIES_MAX) errx(2, "usage: freebsd_daemon DIRECTORY...");
  for (count = 0; count < argc - 1; count++)
    directories[count] = open_directory(argv[count + 1]);
  if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0) warn("memory is not locked");
  ready.fd = open(VSS_DEV(FS_VSS_DEV_NAME), O_RDWR);
  if (ready.fd < 0) err(EXIT_FAILURE, "%s", VSS_DEV(FS_VSS_DEV_NAME));
  ready.events = POLLIN;
  for (;;) {
    if (poll(&ready, 1, -1) < 0 && errno != EINTR) err(EXIT_FAILURE, "poll");
    if (ioctl(ready.fd, IOCHVVSSREAD, &message) < 0) break; /* the driver is gone */
    if (message.status != VSS_SUCCESS) continue;            /* nothing waits */
    message.status = act(message.opt) == 0 ? VSS_SUCCESS : VSS_FAIL;
    if (ioctl(ready.fd, IOCHVVSSWRITE, &message) < 0) break;
  }
  warn("%s", VSS_DEV(FS_VSS_DEV_NAME));
  if (frozen > 0) thaw();
  return EXIT_FAILURE;
}
