"""Who freezes: one file for each. What they share:

    method.start()
    round_ = method.round()              # freeze, and thaw as soon as that is answered
    round_ = method.round(looking)       # looking() is called in between; the first round only

All are alive at once, in one sandbox; only one of them works at a time.
"""

from methods.fsfreeze import Fsfreeze
from methods.hv_vss_daemon import StockDaemon
from methods.limit import Limit
from methods.openvss import OpenVss
from methods.qemu_ga import QemuGa

ALL = (OpenVss, QemuGa, StockDaemon, Fsfreeze, Limit)
