/* A writer in C: an application that keeps what it was given in memory, and writes it out in
 * FREEZE. Usage: writer_c RUNTIME_DIR [until vssd goes away] */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <vss/writer.h>

static int act(const struct vss_event* event) {
  switch (event->kind) {
    case VSS_EVENT_CHECK:
    case VSS_EVENT_PREPARE: return 0;             /* what is slow goes here */
    case VSS_EVENT_FREEZE: return fflush(stdout); /* bring it to the file, start nothing new */
    case VSS_EVENT_THAW:
    case VSS_EVENT_ABORT: puts("running again"); return 0;
    default: return 0;
  }
}

int main(int argc, char** argv) {
  struct vss_writer_options options = VSS_WRITER_OPTIONS_INIT;
  struct vss_event event;
  vss_writer* writer = NULL;
  int result = 0;

  options.name = "example-c";
  options.runtime_dir = argc > 1 ? argv[1] : NULL;
  options.level = VSS_LEVEL_APPLICATION;
  result = vss_writer_create(&options, &writer);
  if (result < 0) {
    fprintf(stderr, "writer: %s\n", strerror(-result));
    return 1;
  }
  result = vss_writer_connect(writer);
  while (result >= 0) {
    struct pollfd ready = {vss_writer_fd(writer), POLLIN, 0};
    poll(&ready, 1, -1);
    while ((result = vss_writer_next(writer, &event)) > 0) {
      int status = act(&event);
      vss_writer_reply(writer, event.id, status, "the output could not be flushed");
    }
  }
  fprintf(stderr, "writer: %s\n", vss_writer_error(writer));
  vss_writer_destroy(writer);
  return 1;
}
