/* vssd as the tests of libvss need it: one connection, told what to do step by step. C can use it
 * too. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Listens in a directory of its own under $TMPDIR; everything here aborts on failure, which is the
 * test's failure. Waiting takes at most two seconds. */
typedef struct fake_server fake_server;
fake_server* fake_server_start(void);
void fake_server_stop(fake_server* server);
const char* fake_server_socket(const fake_server* server);

void fake_server_accept(fake_server* server); /* the connection and its registration, accepted */
void fake_server_refuse(fake_server* server, const char* reason);
void fake_server_hang_up(fake_server* server);

/* Deadlines are from now; a hold of 0 is none. `operation` is an enum vss_event_kind. */
void fake_server_tell(fake_server* server, uint32_t operation, uint64_t id, uint64_t transaction,
                      int64_t reply_ms, int64_t hold_ms);
void fake_server_late(fake_server* server, uint32_t operation, uint64_t id);
void fake_server_send(fake_server* server, const void* bytes, size_t size);

struct fake_reply {
  uint32_t operation;
  uint32_t status;
  uint64_t id;
  char reason[256];
};
void fake_server_take_reply(fake_server* server, struct fake_reply* reply);
int fake_server_has_packet(fake_server* server); /* something was sent that nobody took yet */
/* The duration asked for; answers with `granted_ms`. */
uint64_t fake_server_grant(fake_server* server, int64_t granted_ms);

/* The thawed page: made on first use, and sent to the writer. */
void fake_server_send_page(fake_server* server);
void fake_server_publish_thawed(fake_server* server, uint64_t transaction);

#ifdef __cplusplus
}
#endif
