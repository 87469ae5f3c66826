/*
 * A client of FreeBSD's /dev/hv_appvss_dev, as it is written there: poll, read a request, act,
 * write the answer. It is compiled here without a change, against <vss/hv_snapshot.h> under
 * FreeBSD's name.
 */
#include <sys/ioccom.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <dev/hyperv/hv_snapshot.h>

static int hold(void) {
  puts("freeze: flushing, and holding still");
  return 0;
}

static int go_on(void) {
  puts("thaw: going on");
  return 0;
}

static int act(uint32_t operation) {
  switch (operation) {
    case HV_VSS_CHECK: return 0;
    case HV_VSS_FREEZE: return hold();
    case HV_VSS_THAW: return go_on();
    default: return EINVAL;
  }
}

int main(void) {
  struct hv_vss_opt_msg message;
  struct pollfd ready;

  setvbuf(stdout, NULL, _IOLBF, 0);
  ready.fd = open(VSS_DEV(APP_VSS_DEV_NAME), O_RDWR);
  if (ready.fd < 0) err(EXIT_FAILURE, "%s", VSS_DEV(APP_VSS_DEV_NAME));
  ready.events = POLLIN;
  for (;;) {
    if (poll(&ready, 1, -1) < 0 && errno != EINTR) err(EXIT_FAILURE, "poll");
    if (ioctl(ready.fd, IOCHVVSSREAD, &message) < 0) err(EXIT_FAILURE, "IOCHVVSSREAD");
    if (message.status != VSS_SUCCESS) continue; /* nothing waits */
    message.status = act(message.opt) == 0 ? VSS_SUCCESS : VSS_FAIL;
    if (ioctl(ready.fd, IOCHVVSSWRITE, &message) < 0) err(EXIT_FAILURE, "IOCHVVSSWRITE");
  }
}
