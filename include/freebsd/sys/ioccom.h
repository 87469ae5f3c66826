/* FreeBSD's name for what <sys/ioctl.h> gives on Linux: _IOR and _IOW. */
#include <sys/ioctl.h>
