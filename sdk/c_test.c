/* libvss as a C program uses it. Prints the line that failed and exits 1, or exits 0. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vss/writer.h>

#include "testing/fake_server.h"

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

static void wait_for_event(vss_writer* writer, struct vss_event* event, uint32_t kind) {
  struct pollfd ready = {vss_writer_fd(writer), POLLIN, 0};
  int result = vss_writer_next(writer, event);
  while (result == 0 && poll(&ready, 1, 2000) == 1)
    result = vss_writer_next(writer, event);
  CHECK(result == 1);
  CHECK(event->kind == kind);
}

static void answer(vss_writer* writer, fake_server* server, const struct vss_event* event) {
  struct fake_reply reply;
  CHECK(vss_writer_reply(writer, event->id, 0, NULL) == 0);
  fake_server_take_reply(server, &reply);
  CHECK(reply.id == event->id);
  CHECK(reply.operation == event->kind);
  CHECK(reply.status == 0);
}

int main(void) {
  struct vss_writer_options options = VSS_WRITER_OPTIONS_INIT;
  struct vss_event event;
  vss_writer* writer = NULL;
  fake_server* server = fake_server_start();
  const uint32_t order[] = {VSS_EVENT_CHECK, VSS_EVENT_PREPARE, VSS_EVENT_FREEZE, VSS_EVENT_THAW};
  char text[VSS_TRANSACTION_TEXT_SIZE];
  size_t i = 0;

  CHECK(vss_api_version() == VSS_API_VERSION);
  CHECK(strlen(vss_version()) > 0);
  vss_transaction_text(0x6a11f0c200003, text);
  CHECK(strcmp(text, "6a11f0c2-3") == 0);
  options.name = "c_test";
  options.socket = fake_server_socket(server);
  options.level = VSS_LEVEL_APPLICATION;
  CHECK(vss_writer_create(&options, &writer) == 0);
  CHECK(vss_writer_connect(writer) == 0);
  fake_server_accept(server);
  wait_for_event(writer, &event, VSS_EVENT_REGISTERED);
  CHECK(event.id == 0);

  for (i = 0; i < sizeof order / sizeof order[0]; ++i) {
    fake_server_tell(server, order[i], 10 + i, 77, 1000, 0);
    wait_for_event(writer, &event, order[i]);
    CHECK(event.transaction == 77);
    answer(writer, server, &event);
  }

  CHECK(vss_writer_is_connected(writer) == 1);
  fake_server_hang_up(server);
  CHECK(vss_writer_next(writer, &event) == -ENOTCONN);
  CHECK(vss_writer_is_connected(writer) == 0);
  CHECK(strlen(vss_writer_error(writer)) > 0);
  vss_writer_destroy(writer);
  vss_writer_destroy(NULL);
  fake_server_stop(server);
  return 0;
}
