/*
 * The VSS device interface of FreeBSD's Hyper-V guest support, by its own names.
 *
 * A program written for FreeBSD's /dev/hv_appvss_dev compiles against this header unchanged, on
 * Linux and on FreeBSD, as C11 or C++. Where it says `#include <dev/hyperv/hv_snapshot.h>`, add the
 * directory that `pkg-config --variable=freebsd_includedir libvss` prints to the search path. New
 * programs are better off with <vss/writer.h>, which knows PREPARE, ABORT, deadlines and reasons.
 *
 * A client does this, and nothing else:
 *
 *   1. open(VSS_DEV(APP_VSS_DEV_NAME), O_RDWR). As long as it is open, the client takes part in
 *      every shadow copy, at level 100, and counts as required: if it fails, the shadow copy
 *      fails. The node belongs to root and the group `vss` (0660).
 *   2. poll(2) for POLLIN: level triggered, readable while a request waits; with epoll, each
 *      request is an edge. POLLERR says that the service is gone, which no program of the original
 *      knows: its ioctls fail from then on, and the node is to be opened again.
 *   3. ioctl(fd, IOCHVVSSREAD, &message). It never blocks and returns 0 also when nothing waits:
 *      then `status` is VSS_FAIL, `opt` is HV_VSS_NONE and `msgid` is 0. So test `status`.
 *   4. Act on `message.opt`, within the client's timeout (2 seconds unless configured otherwise):
 *        HV_VSS_CHECK   could you freeze now? Change nothing.
 *        HV_VSS_FREEZE  finish what is under way, flush it, and start nothing new.
 *        HV_VSS_THAW    run again. It also comes when a shadow copy is abandoned, and may come
 *                       without a FREEZE before it: having nothing to thaw is success.
 *   5. Set `status` to VSS_SUCCESS or VSS_FAIL, leave the rest as it was read, and
 *      ioctl(fd, IOCHVVSSWRITE, &message). `msgid` says which request is answered. The ioctl
 *      returns 0 for an answer that comes too late, too; a client learns that it was late from the
 *      THAW. It fails with EBADF where the descriptor is not open for writing.
 *
 * FreeBSD's device has no read(2). Here it is steps 2 and 3 in one: read(fd, &message, 64) waits
 * for a request and takes it. EAGAIN: nothing waits and the descriptor is O_NONBLOCK. EINTR: a
 * signal came, also where its handler was set with SA_RESTART. EINVAL: less than 64 bytes of room.
 * EBUSY: another read waits on the same open. There is no write(2) (ENODEV).
 *
 * Any number of clients may open APP_VSS_DEV_NAME; FS_VSS_DEV_NAME, for the daemon that freezes
 * filesystems, is exclusive (EBUSY). A descriptor may be used by one thread at a time.
 */
#ifndef VSS_HV_SNAPSHOT_H
#define VSS_HV_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__FreeBSD__)
#include <sys/ioccom.h>
#else
#include <sys/ioctl.h> /* _IOR and _IOW; FreeBSD's programs include it for ioctl(2) themselves */
#endif

#define FS_VSS_DEV_NAME "hv_fsvss_dev"
#define APP_VSS_DEV_NAME "hv_appvss_dev"

/* The path of a node: VSS_DEV(APP_VSS_DEV_NAME). */
#define VSS_DEV(VSS) "/dev/" VSS

#define VSS_SUCCESS 0x00000000
#define VSS_FAIL 0x00000001

enum hv_vss_op_t {
  HV_VSS_NONE = 0,
  HV_VSS_CHECK = 1,
  HV_VSS_FREEZE = 2,
  HV_VSS_THAW = 3,
  HV_VSS_COUNT = 4
};

/* 64 bytes in the machine's byte order. */
struct hv_vss_opt_msg {
  uint32_t opt;         /* enum hv_vss_op_t */
  uint32_t status;      /* VSS_SUCCESS, or VSS_FAIL; any other value but 0 counts as VSS_FAIL */
  uint64_t msgid;       /* names the request; never 0 in a request */
  uint8_t reserved[48]; /* zero */
};

/* By macro, never by number: the direction bits are swapped between FreeBSD and Linux. */
#define IOCHVVSSREAD _IOR('v', 2, struct hv_vss_opt_msg)
#define IOCHVVSSWRITE _IOW('v', 3, struct hv_vss_opt_msg)

#ifdef __cplusplus
#define VSS_STATIC_ASSERT static_assert
#else
#define VSS_STATIC_ASSERT _Static_assert
#endif
VSS_STATIC_ASSERT(sizeof(struct hv_vss_opt_msg) == 64, "the message has 64 bytes");
VSS_STATIC_ASSERT(offsetof(struct hv_vss_opt_msg, opt) == 0, "opt stands first");
VSS_STATIC_ASSERT(offsetof(struct hv_vss_opt_msg, status) == 4, "status stands at 4");
VSS_STATIC_ASSERT(offsetof(struct hv_vss_opt_msg, msgid) == 8, "msgid stands at 8");
VSS_STATIC_ASSERT(offsetof(struct hv_vss_opt_msg, reserved) == 16, "reserved stands at 16");
#undef VSS_STATIC_ASSERT

#endif /* VSS_HV_SNAPSHOT_H */
