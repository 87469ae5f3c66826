/* The FreeBSD device header as C11. Layout is asserted in the header; these are the numbers. */
#include <dev/hyperv/hv_snapshot.h>
#include <string.h>

#if defined(__FreeBSD__)
_Static_assert(IOCHVVSSREAD == 0x40407602, "IOCHVVSSREAD on FreeBSD");
_Static_assert(IOCHVVSSWRITE == 0x80407603, "IOCHVVSSWRITE on FreeBSD");
#else
_Static_assert(IOCHVVSSREAD == 0x80407602, "IOCHVVSSREAD on Linux");
_Static_assert(IOCHVVSSWRITE == 0x40407603, "IOCHVVSSWRITE on Linux");
#endif
_Static_assert(HV_VSS_NONE == 0 && HV_VSS_CHECK == 1 && HV_VSS_FREEZE == 2 && HV_VSS_THAW == 3 &&
                   HV_VSS_COUNT == 4,
               "the operations");
_Static_assert(VSS_SUCCESS == 0 && VSS_FAIL == 1, "the statuses");

int main(void) {
  const enum hv_vss_op_t operation = HV_VSS_FREEZE;
  struct hv_vss_opt_msg message = {operation, VSS_SUCCESS, 1, {0}};
  return strcmp(VSS_DEV(FS_VSS_DEV_NAME), "/dev/hv_fsvss_dev") != 0 ||
         strcmp(VSS_DEV(APP_VSS_DEV_NAME), "/dev/hv_appvss_dev") != 0 || message.msgid != 1;
}
