"""The freezer's slots, read from outside: what it has noted about each filesystem, and when.

The only place of the tests that knows a layout of the product (src/freezer/slots.hpp): nothing else
tells a freeze that is in flight from one that has returned. A file that looks different is an
error.
"""

import dataclasses
import struct

MAGIC = 0x31544F4C53535356
VERSION = 1
HEADER = struct.Struct("=QQIIQQQq")      # …, the last: hold deadline
HEADER_BYTES = 64
SLOT = struct.Struct("=Qqqqqii8xII64x32s256s1024s")
SLOT_BYTES = 1472
SLOTS_MAX = 512
THAWERS = ("nobody", "freezer", "guardian", "recovery")
STATES = ("empty", "intent", "frozen", "thawing", "thawing", "closed")


@dataclasses.dataclass
class Slot:
    state: str
    freeze_began: float  # CLOCK_BOOTTIME in seconds, 0: never
    freeze_ended: float
    thaw_ended: float
    thawer: str  # of a closed one


class Slots:
    def __init__(self, box, runtime):
        self._box = box
        self._path = f"{runtime}/freezer/slots"

    def _read(self):
        data = self._box.read_bytes(self._path)
        header = HEADER.unpack_from(data)
        if (header[0], header[3], len(data)) != (MAGIC, VERSION,
                                                 HEADER_BYTES + SLOTS_MAX * SLOT_BYTES):
            raise RuntimeError(f"{self._path}: not the layout that harness/slots.py knows")
        return header, data

    def by_mount_point(self):
        """Of the latest transaction that has got as far as filling them."""
        header, data = self._read()
        return dict(self._slot(data, HEADER_BYTES + index * SLOT_BYTES)
                    for index in range(header[2]))

    @staticmethod
    def _slot(data, offset):
        fields = SLOT.unpack_from(data, offset)
        mount_point = fields[-1].split(b"\0", 1)[0].decode()
        return mount_point, Slot(STATES[fields[0] >> 60], fields[1] / 1e9, fields[2] / 1e9,
                                 fields[4] / 1e9, THAWERS[fields[0] >> 16 & 3])

    def states(self):
        return {mount_point: slot.state for mount_point, slot in self.by_mount_point().items()}

    def generation(self):
        """Which transaction has filled them."""
        return self._read()[0][1]

    def hold_deadline(self):
        """CLOCK_BOOTTIME in seconds, of the latest transaction that came to FREEZE."""
        return self._read()[0][7] / 1e9
