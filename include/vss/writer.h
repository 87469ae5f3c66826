/*
 * libvss: take part in shadow copies.
 *
 * A *writer* is an application whose data should be consistent in a copy of the disks. vssd asks it
 * to get ready, to hold, and to run again; this library speaks to vssd over a local socket. C++
 * programs may prefer <vss/writer.hpp>, which is built on these functions.
 *
 * THE SHORTEST USEFUL WRITER
 *
 *     struct vss_writer_options options = VSS_WRITER_OPTIONS_INIT;
 *     vss_writer *writer;
 *     struct vss_event event;
 *     options.name = "ledger";
 *     if (vss_writer_create(&options, &writer) < 0 || vss_writer_connect(writer) < 0) ...
 *     for (;;) {
 *       struct pollfd ready = {vss_writer_fd(writer), POLLIN, 0};
 *       poll(&ready, 1, -1);
 *       while ((result = vss_writer_next(writer, &event)) > 0) {
 *         if (event.kind == VSS_EVENT_FREEZE) ledger_flush_and_hold();
 *         if (event.kind == VSS_EVENT_THAW || event.kind == VSS_EVENT_ABORT) ledger_go_on();
 *         vss_writer_reply(writer, event.id, 0, NULL);
 *       }
 *       if (result < 0) ...connect again, a little later...
 *     }
 *
 * WHAT COMES, AND WHAT TO DO
 *
 * One transaction is a CHECK alone, or PREPARE, FREEZE and THAW. Each of these five wants one
 * reply, success or failure, until `reply_deadline`:
 *
 *   CHECK     Could you take part now? Change nothing.
 *   PREPARE   Everything runs. Do what is slow: checkpoint, flush caches, open what FREEZE needs.
 *   FREEZE    Finish or roll back what is under way, bring it to the file (not necessarily
 *             to the disk: filesystems are flushed after you), and start nothing new. Be quick:
 *             from now on your users wait. From your reply on, the data files must not change.
 *   THAW      Run again. The filesystems run already. Failure says that you did not hold until now:
 *             the copy is then torn, or, if you are optional, made without you. So does a reply
 *             that does not come.
 *   ABORT     As THAW, but the copy will not be used. It comes also without FREEZE before it, and
 *             even if your reply to PREPARE or FREEZE was failure. What is not held needs no
 *             release.
 *
 * Whoever has been given PREPARE or FREEZE is given exactly one THAW or ABORT of that transaction
 * afterwards, whatever breaks. The library makes an ABORT itself (`id` is 0; it wants no reply)
 *   - when vssd says that your reply came too late;
 *   - when the connection is lost after PREPARE. If you may be holding, it waits first until the
 *     filesystems have been thawed, as the freezer publishes in a page of shared memory, at most
 *     until `hold_deadline`;
 *   - when vssd has been silent for 10 seconds after `hold_deadline`: it is then taken for lost.
 * Still, check `hold_deadline` before relying on anything: past it the copy is torn.
 *
 * LEVELS
 *
 * Writers of a lower level freeze first and thaw last; those of one level do it at the same time.
 * An application stands below (VSS_LEVEL_APPLICATION) the database (VSS_LEVEL_DATABASE) it writes
 * to.
 *
 * THREADS, BLOCKING, SIGNALS
 *
 * Functions of one handle must not run at the same time in two threads; handles are independent of
 * each other. No function blocks: not connect, which uses a local socket, nor next, nor reply. The
 * library starts no thread, installs no signal handler, raises no SIGPIPE, and writes to no file
 * descriptor but its own, which are all closed on exec. After fork(2) the child must not use the
 * handle. Calls need 100 KiB of stack. None allocates memory but vss_writer_create.
 *
 * WHILE YOU HOLD, everything that writes to a frozen filesystem sleeps until the thaw, and cannot
 * be killed: your log file, a page of a shared file mapping that becomes dirty, even stderr when
 * it was redirected to a file. Write nothing from the reply to FREEZE until THAW or ABORT. If you
 * do sleep there, the filesystem's thaw still comes: it does not depend on you.
 *
 * ERRORS
 *
 * Functions that return int give 0 or more for success and a negative errno value for failure;
 * those a function can give are listed there. vss_writer_error() has a sentence for the last one.
 *
 * TIMES are nanoseconds. Deadlines are on CLOCK_BOOTTIME (Linux; CLOCK_MONOTONIC on FreeBSD, where
 * that counts sleep too). TEXT is UTF-8, ends with NUL, and stays yours: the library copies it.
 *
 * STABILITY: the functions below keep their meaning as long as the library is called libvss.so.0.
 * `struct vss_writer_options` grows at its end and carries its size; a library accepts all older
 * sizes.
 */
#ifndef VSS_WRITER_H
#define VSS_WRITER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Counts additions to this header. vss_api_version() gives the library's. */
#define VSS_API_VERSION 1

#define VSS_LEVEL_APPLICATION 50
#define VSS_LEVEL_DATABASE 100 /* the default */
#define VSS_LEVEL_CACHE 150
#define VSS_LEVEL_MAX 999

enum vss_criticality {
  VSS_REQUIRED = 0, /* the shadow copy fails if this writer does */
  VSS_OPTIONAL = 1  /* it is made without it */
};

/* How to reach vssd, and as what. Configuration on the other side has the last word on level,
 * criticality and timeout. Begin with VSS_WRITER_OPTIONS_INIT, which sets every default. */
struct vss_writer_options {
  size_t size;             /* sizeof(struct vss_writer_options) */
  const char* name;        /* required: 1 to 64 bytes of printable ASCII without '/' */
  const char* runtime_dir; /* where app.sock is; NULL: /run/openvss */
  const char* socket;      /* the socket itself; NULL: app.sock in runtime_dir */
  int level;               /* 0 to VSS_LEVEL_MAX */
  int criticality;         /* enum vss_criticality */
  uint64_t timeout;        /* ns wanted for each CHECK, FREEZE and THAW; 0: vssd's default, 2 s */
  const char* version;     /* of your program, at most 32 bytes of ASCII; NULL: none */
  int64_t server_uid;      /* who vssd's socket must belong to; -1: root or yourself. In a container
                              with user ids of its own, root outside is its overflow id (65534). */
};

#define VSS_WRITER_OPTIONS_INIT       \
  {sizeof(struct vss_writer_options), \
   NULL,                              \
   NULL,                              \
   NULL,                              \
   VSS_LEVEL_DATABASE,                \
   VSS_REQUIRED,                      \
   0,                                 \
   NULL,                              \
   -1}

enum vss_event_kind {
  VSS_EVENT_CHECK = 1,
  VSS_EVENT_FREEZE = 2,
  VSS_EVENT_THAW = 3,
  VSS_EVENT_PREPARE = 4,
  VSS_EVENT_ABORT = 5,
  /* These two only tell, and want no reply; replying to their id, 0, does nothing. */
  VSS_EVENT_REGISTERED = 16, /* vssd accepted this writer; `duration` is the timeout it gets */
  VSS_EVENT_MORE_TIME = 17   /* the answer to vss_writer_more_time, see there */
};

#define VSS_NO_DEADLINE INT64_MAX

struct vss_event {
  uint32_t kind; /* enum vss_event_kind; skip what you do not know */
  uint32_t reserved;
  uint64_t id;            /* for vss_writer_reply; 0: no reply is wanted */
  uint64_t transaction;   /* never reused, ascending; 0: none */
  int64_t reply_deadline; /* until when the reply must have arrived, or VSS_NO_DEADLINE */
  int64_t hold_deadline;  /* from FREEZE on: when filesystems thaw at the latest */
  uint64_t duration;      /* REGISTERED, MORE_TIME */
  uint64_t spare[2];      /* 0 */
};

typedef struct vss_writer vss_writer;

/* Makes a handle, not yet connected. *writer is NULL on failure, else yours until
 * vss_writer_destroy().
 *   -EINVAL  options is NULL or its size is none that any version had
 *   -ENOMEM, -EMFILE, -ENFILE  as in malloc(3) and open(2)
 * Values of options are judged by vss_writer_connect(), which can say what is wrong with them. */
int vss_writer_create(const struct vss_writer_options* options, vss_writer** writer);

/* Closes the connection and frees the handle; NULL is allowed. vssd takes it for the loss of this
 * writer: in a transaction, a required one that goes away fails the copy. Release what you hold
 * first: no ABORT comes any more. */
void vss_writer_destroy(vss_writer* writer);

/* Connects and asks vssd to be registered. Its answer comes through vss_writer_next(). After a loss
 * call it again, with growing pauses; the descriptor of vss_writer_fd() stays the same.
 *   -EINVAL        a value of the options is wrong
 *   -EISCONN       connected already
 *   -EBUSY         the connection was lost and an ABORT is still to come
 *   -ENOENT, -ECONNREFUSED   vssd is not running
 *   -EACCES        the socket's permissions: put your user into group vss
 *   -EPERM         the socket belongs to another user than options.server_uid allows
 *   -EAGAIN        vssd is too busy to take the connection; try again
 *   -EMFILE, -ENFILE, -ENOMEM and what else connect(2) gives */
int vss_writer_connect(vss_writer* writer);

/* A descriptor for poll(2), select(2), epoll(7): readable when vss_writer_next() should be called.
 * It belongs to the handle: neither read nor close it. It is there before the first connect and
 * stays the same. Now and then it is readable although vss_writer_next() then gives 0. */
int vss_writer_fd(const vss_writer* writer);

/* 1 while there is a connection, registered or not; else 0. A lost one is noticed by the other
 * calls. */
int vss_writer_is_connected(const vss_writer* writer);

/* Takes the next event. Returns 1 and fills *event; 0 when nothing waits; or
 *   -ENOTCONN         there is no connection (any more), and no ABORT is to come
 *   -ECONNREFUSED     vssd refused to register this writer; the connection is closed
 *   -EPROTO           what came is no frame; the connection was closed
 *   -EPROTONOSUPPORT  vssd speaks another version of the protocol; the connection was closed
 * The last three are reported once; if an ABORT is owed it comes after them. */
int vss_writer_next(vss_writer* writer, struct vss_event* event);

/* Answers the event `id`: status 0 for success, any other for failure; then `reason` should be one
 * sentence for the administrator, else NULL (240 bytes are kept). Sent even if it is late: vssd
 * judges that, and if it was too late an ABORT comes. Id 0 is accepted and does nothing.
 *   -EALREADY  this event was answered already; nothing is sent
 *   -ESTALE    no such event on this connection
 *   -ENOTCONN  the connection is lost; what follows from it comes through vss_writer_next() */
int vss_writer_reply(vss_writer* writer, uint64_t id, int status, const char* reason);

/* Asks that the reply to `id` may come later: `duration` ns from now. The answer is an event
 * VSS_EVENT_MORE_TIME with the same `transaction`, the new `reply_deadline`, and the time granted
 * in `duration`: it may be less than asked for, or 0, and then the old deadline stands. Nobody's
 * time is free: it is taken from those who freeze after you.
 *   -EINVAL    duration is 0 or more than a day
 *   -EALREADY, -ESTALE, -ENOTCONN  as vss_writer_reply */
int vss_writer_more_time(vss_writer* writer, uint64_t id, uint64_t duration);

/* One sentence on the last failure of this handle: what, where, remedy. Never NULL; valid until
 * the next call with this handle. */
const char* vss_writer_error(const vss_writer* writer);

/* Writes a transaction as people see it, in records and in `vssctl explain`: "6a11f0c2-3". */
#define VSS_TRANSACTION_TEXT_SIZE 32
void vss_transaction_text(uint64_t transaction, char text[VSS_TRANSACTION_TEXT_SIZE]);

/* The library's VSS_API_VERSION and its version as text, "0.1.0". */
int vss_api_version(void);
const char* vss_version(void);

#ifdef __cplusplus
}
#endif

#endif /* VSS_WRITER_H */
