"""A host that offers qemu-guest-agent its channel, for a while."""

import contextlib
import json
import socket

UNIT = "qemu-guest-agent"
PORT = "org.qemu.guest_agent.0"
ANSWER_S = 60


@contextlib.contextmanager
def guest_agent(vm):
    """In a DebianVm: udev starts the agent for the channel, and it ends with it. Yields what asks
    it one thing."""
    place = vm.path("guest-agent")
    backend = {"type": "socket", "data": {"addr": {"type": "unix", "data": {"path": place}},
                                          "server": True, "wait": False}}
    vm.qmp("chardev-add", id="guest-agent", backend=backend)
    vm.qmp("device_add", driver="virtserialport", id="guest-agent-port", chardev="guest-agent",
           name=PORT)
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(ANSWER_S)
        channel.connect(place)
        vm.wait_until(lambda: vm.active(UNIT) == "active", ANSWER_S, UNIT)
        with channel.makefile("rw", encoding="ascii") as lines:
            def ask(what):
                lines.write(json.dumps({"execute": what}) + "\n")
                lines.flush()
                return json.loads(lines.readline())["return"]
            try:
                yield ask
            finally:
                vm.qmp("device_del", id="guest-agent-port")
                vm.wait_until(lambda: vm.active(UNIT) == "inactive", ANSWER_S, f"no {UNIT}")
    vm.qmp("chardev-remove", id="guest-agent")
