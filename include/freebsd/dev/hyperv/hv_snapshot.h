/* FreeBSD's name for the header, so that programs written there compile unchanged. */
#include <vss/hv_snapshot.h>
