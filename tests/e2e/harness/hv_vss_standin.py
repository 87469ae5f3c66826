"""The kernel's side of /dev/vmbus/hv_vss, and the host's behind it, over a raw terminal.

    standin = HvVssStandin(box)
    client = box.start("vssd", "--hv-vss-device", standin.path, ...)
    standin.wait_registered(5)
    status, seconds = standin.request("FREEZE", timeout=900)

The terminal is of the sandbox's own instance of devpts; its slave is what the client opens, by a
symbolic link. As hv_utils does, one client is served: a registration (REGISTER1) is answered with
the version, requests are passed on once that was read, one at a time, and the next message of the
client is the answer to whatever request is open, for messages have no number.

Two things a terminal cannot do as the device does. A write cannot fail: where the kernel refuses an
answer with EINVAL, what the client has open is hung up, and the next one that opens the path finds
everything new. And a second opening cannot be refused.
"""

import fcntl
import os
import select
import struct
import termios
import threading
import time
import tty

OK, E_FAIL = 0, 0x80004005
OPERATIONS = {"HOT_BACKUP": 2, "FREEZE": 5, "THAW": 6}
LIMITS_S = {"HOT_BACKUP": 30, "FREEZE": 900, "THAW": 30}  # the kernel's
REGISTER, REGISTER1 = 128, 129
MESSAGE_BYTES = 12
TIOCGPTN, TIOCSPTLCK = 0x80045430, 0x40045431  # of a terminal: its number, its lock
UNREGISTERED, READY, REQUESTED = "unregistered", "ready", "requested"
TICK_S = 0.005  # how often the client's reading and closing are looked for


class HvVssStandin:
    def __init__(self, box, path="/dev/vmbus/hv_vss"):
        self.path = path
        self.refused = 0       # answers to nothing that was asked
        self.registrations = 0
        self._box = box
        self._changed = threading.Condition()
        self._state = UNREGISTERED
        self._master = self._slave = None
        self._version_sent = None  # when, until it was read
        self._result = None
        self._stopped = False
        os.makedirs(os.path.dirname(box.path(path)), exist_ok=True)
        self.plug()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    # -- the machine's side -------------------------------------------------------------------

    def plug(self):
        """The device appears."""
        with self._changed:
            self._renew()

    def unplug(self):
        """The device is taken away under whoever has it open."""
        with self._changed:
            os.unlink(self._box.path(self.path))
            self._drop()

    def close(self):
        with self._changed:
            self._stopped = True
        self._thread.join()
        with self._changed:
            self._drop()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # -- the host's side ----------------------------------------------------------------------

    def request(self, name, timeout=None):
        """What the host gets, and after how long. `timeout`: the kernel's own limit otherwise."""
        began = time.monotonic()
        until = began + (LIMITS_S[name] if timeout is None else timeout)
        with self._changed:
            if self._state == REQUESTED:
                raise RuntimeError("a host asks nothing before it has its answer")
            if self._state != READY or self._unread():
                return E_FAIL, time.monotonic() - began
            os.write(self._master, bytes([OPERATIONS[name]]).ljust(MESSAGE_BYTES, b"\0"))
            self._state, self._result = REQUESTED, None
            while self._result is None and time.monotonic() < until:
                self._changed.wait(until - time.monotonic())
            if self._result is None:
                self._state, self._result = READY, E_FAIL
            return self._result, time.monotonic() - began

    def wait_registered(self, timeout):
        with self._changed:
            return self._changed.wait_for(lambda: self._state == READY, timeout)

    def wait_gone(self, timeout):
        with self._changed:
            return self._changed.wait_for(lambda: self._state == UNREGISTERED, timeout)

    # -- the kernel ---------------------------------------------------------------------------

    def _renew(self):
        """Another terminal behind the path; what was there is hung up."""
        master = os.open(self._box.path("/dev/pts/ptmx"), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        fcntl.ioctl(master, TIOCSPTLCK, struct.pack("i", 0))
        number = struct.unpack("i", fcntl.ioctl(master, TIOCGPTN, bytes(4)))[0]
        slave = f"/dev/pts/{number}"
        os.chmod(self._box.path(slave), 0o666)  # vssd gives up root
        link = self._box.path(self.path)
        if os.path.lexists(link + ".new"):
            os.unlink(link + ".new")
        os.symlink(slave, link + ".new")
        os.replace(link + ".new", link)
        self._drop()
        self._master, self._slave = master, slave
        self._on_slave(lambda descriptor: tty.setraw(descriptor, termios.TCSANOW))

    def _drop(self):
        if self._master is not None:
            os.close(self._master)
        self._master = self._slave = None
        self._released()

    def _released(self):
        """The client has closed: what it did not read is gone, what it did not answer has failed."""
        if self._state == REQUESTED:
            self._result = E_FAIL
        self._state, self._version_sent = UNREGISTERED, None
        self._changed.notify_all()

    def _on_slave(self, action):
        """The slave is not kept open: while nobody else has it open, the master says so."""
        descriptor = os.open(self._box.path(self._slave),
                             os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            return action(descriptor)
        finally:
            os.close(descriptor)

    def _unread(self):
        """How much of what was sent the client has not read yet."""
        return self._on_slave(lambda descriptor: struct.unpack(
            "i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0])

    def _serve(self):
        while True:
            with self._changed:
                if self._stopped:
                    return
                master = self._master
            self._wait(master)
            with self._changed:
                if self._master is not None and self._master == master:
                    self._look()

    @staticmethod
    def _wait(master):
        poller = select.poll()
        if master is not None:
            poller.register(master, select.POLLIN)
        if any(event & select.POLLHUP for _, event in poller.poll(TICK_S * 1000)):
            time.sleep(TICK_S)  # it stays so until a client comes

    def _look(self):
        data, closed = self._read()
        if len(data) % MESSAGE_BYTES:
            return self._refuse()
        for at in range(0, len(data), MESSAGE_BYTES):
            if not self._take(data[at:at + MESSAGE_BYTES]):
                return self._refuse()
        if closed and (self._state != UNREGISTERED or self._version_sent):
            self._forget_client()
        # It comes through a queue of the kernel's: what was just sent may not even be there yet.
        if self._version_sent and time.monotonic() > self._version_sent + TICK_S \
                and not self._unread():
            self._state, self._version_sent = READY, None
            self._changed.notify_all()
        return None

    def _read(self):
        """All that the client has written, and whether it has closed since."""
        data = b""
        try:
            while True:
                data += os.read(self._master, 4096)
        except BlockingIOError:
            return data, False
        except OSError:
            return data, True

    def _take(self, message):
        """A message of the client; false where the kernel would refuse it."""
        if message[0] in (REGISTER, REGISTER1):
            if self._state != UNREGISTERED or self._version_sent:
                self._forget_client()  # one opening registers once: this is another one
            self.registrations += 1
            if message[0] == REGISTER1:
                os.write(self._master, struct.pack("<I", REGISTER1))
                self._version_sent = time.monotonic()
            return True
        if self._state != REQUESTED:
            return False
        self._state, self._result = READY, struct.unpack_from("<I", message)[0]
        self._changed.notify_all()
        return True

    def _forget_client(self):
        self._on_slave(lambda descriptor: termios.tcflush(descriptor, termios.TCIFLUSH))
        self._released()

    def _refuse(self):
        self.refused += 1
        self._renew()
