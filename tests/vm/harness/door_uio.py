"""Facts about /dev/uioN, on a kernel that gives this channel to it and on one that does not."""

import time

from harness.door_guests import OK, SLOW_S, UIO, VSSD, Vssd
from harness.vm import VmFailure
from harness.vmbus import DEVICE, INSTANCE

NOT_SUPPORTED = "error 524"  # ENOTSUPP, which no C library knows


def bound_by_hand(bench):
    """The steps of vss-uio-bind without its looking first: the kernel's own answer."""
    result = bench.vm.run("sh", "-c", f"""
        echo uio_hv_generic > {DEVICE}/driver_override
        echo {INSTANCE} > /sys/bus/vmbus/drivers/hv_utils/unbind
        echo {INSTANCE} > /sys/bus/vmbus/drivers/uio_hv_generic/bind""")
    bench.restore()
    return NOT_SUPPORTED if NOT_SUPPORTED in result.errors else result.errors or "bound"


def refused_by_uio_bind(bench):
    result = bench.vm.run("vss-uio-bind", "bind")
    if bench.driver() != "hv_utils":
        raise VmFailure(f"the device is bound to {bench.driver()}")
    return f"refused, status {result.status}" if "6.10" in result.errors else result.errors


def refused_by_vssd(bench):
    """It serves, and says why this door stays closed."""
    guest = Vssd(bench, UIO)
    guest.service.start()
    standing = " ".join(guest.service.json("status")["hosts"])
    guest.stop()
    return "says why" if "6.10" in standing else standing


def monitored(bench):
    """The same bus again, with a channel that is signalled through a monitor page."""
    bench.vm.must("rmmod", "uio_hv_generic", "hv_utils", "vmbus_standin")
    bench.load(("vmbus_standin", "monitored=1"), ("hv_utils",), ("uio_hv_generic",))
    result = bench.vm.run("vss-uio-bind", "bind")
    if bench.driver() != "hv_utils":
        raise VmFailure(f"the device is bound to {bench.driver()}")
    return "refused" if "monitor page" in result.errors else result.errors or "bound"


def forgetful(bench):
    """A guest that answers and does not signal: the host has to complain."""
    bench.bind_to_uio()
    size = bench.vm.read("/sys/class/uio/uio0/maps/map0/size").strip()
    guest = bench.vm.start("forgetful_guest", "/dev/uio0", size)
    host = bench.start_host("bu_complete", through=UIO)
    host.wait(SLOW_S)
    guest.kill()
    guest.wait(SLOW_S)
    bench.restore()
    return "noticed" if "without a signal" in host.output and host.status != 0 else host.output


def stays_bound(bench):
    """Bound, restored and bound again, with a program that has it open in between."""
    bench.bind_to_uio()
    guest = Vssd(bench, UIO)
    guest.start()
    bench.restore()
    bench.bind_to_uio()
    guest.wait_until_served()
    guest.stop()
    bench.restore()
    other = Vssd(bench, VSSD)
    other.start()
    answers = bench.host("hot_backup", "freeze", "thaw")
    other.stop()
    return "serves each time" if answers == [OK] * 3 else str(answers)


def rescinded_while_open(bench):
    """What a program that reads /dev/uio0 is told."""
    bench.bind_to_uio()
    reader = bench.vm.start("dd", "if=/dev/uio0", "bs=4", "count=1", "of=/dev/null")
    time.sleep(1)
    bench.start_host("rescind", through=UIO).wait(SLOW_S)
    reader.wait(SLOW_S)
    bench.start_host("offer", through=UIO).wait(SLOW_S)
    bench.give_nodes_away()
    return "EIO" if "I/O error" in reader.errors or "Input/output error" in reader.errors \
        else reader.errors


UIO_FACTS = {
    "6.1": (
        ("vss-uio-bind bind", refused_by_uio_bind, "refused, status 77"),
        ("vssd with door uio", refused_by_vssd, "says why"),
        ("bound by hand, unmonitored", bound_by_hand, NOT_SUPPORTED),
    ),
    "6.12": (
        ("read of /dev/uio0, rescinded", rescinded_while_open, "EIO"),
        ("hv_utils, uio and back, and again", stays_bound, "serves each time"),
        ("a guest that forgets to signal", forgetful, "noticed"),
        ("monitored channel, vss-uio-bind", monitored, "refused"),
    ),
}
