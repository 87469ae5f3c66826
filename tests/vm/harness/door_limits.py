"""The kernel's own limits - 30 s, for FREEZE 900 s - in a machine whose clock runs ahead whenever
it has nothing to do. Between two requests of the harness hours may pass there, so that each row is
one script in the guest, from the first request to the last.
"""

import json
import signal

from harness.door_guests import DISK, FAILURE, OK, UIO, VSSD, Vssd
from harness.vm import VmFailure

QEMU = ("-icount", "shift=1,sleep=off")
HOST = "vss-hostsim --standin /dev/vmbus_standin --hv-utils --answer-timeout 4000 run --json"
# A program that is stopped has to be there again before it is asked.
AGAIN = f"sleep 40; {HOST} hot_backup freeze thaw"
THAWED = f"timeout 20 fs_tool write {DISK}/late > /dev/null && echo thawed || echo frozen"


class Answer:
    def __init__(self, line):
        parsed = json.loads(line)
        self.text = OK if parsed["ok"] else FAILURE
        self.seconds = parsed["latency_us"] / 1e6
        if parsed["complaints"]:
            raise VmFailure(f"the host complains: {line}")


def script(bench, text):
    """What the host heard, and the other lines."""
    done = bench.vm.run("sh", "-c", text, timeout=240)
    lines = done.output.splitlines()
    answers = [Answer(line) for line in lines if line.startswith("{")]
    if not answers:
        raise VmFailure(f"{text}: {done.output}{done.errors}")
    return answers, [line for line in lines if not line.startswith("{")]


def after(answer, least, most):
    """The time as a word, where it is what it should be."""
    if not least <= answer.seconds < most:
        raise VmFailure(f"{answer.text} after {answer.seconds:.1f} s, not {least} to {most} s")
    return f"{answer.text} after {least:g} s"


# -- what the kernel does, to a client that does not answer -----------------------------------

def unanswered(bench, request, limit):
    client = f"hv_vss_client open register read=4 poll=60000 read=12 sleep={limit + 60}000 answer=0"
    (first,), rest = script(bench, f"{client} & sleep 1; {HOST} {request}; wait")
    return f"{after(first, limit, 1.05 * limit + 2)}, answer {rest[-1].split(': ')[1]}"


def hot_backup_unanswered(bench):
    return unanswered(bench, "hot_backup", 30)


def freeze_unanswered(bench):
    return unanswered(bench, "freeze", 900)


def thaw_unanswered(bench):
    return unanswered(bench, "thaw", 30)


def late_answer(bench):
    """Too late by seconds, while the host's next request waits already."""
    client = ("hv_vss_client open register read=4 poll=60000 read=12 sleep=35000 answer=0 read=12 "
              "answer=0")
    answers, rest = script(bench, f"{client} & sleep 1; {HOST} hot_backup thaw; wait")
    results = [line.split(": ", 1)[1] for line in rest][-3:]
    if [each.text for each in answers] != [FAILURE, OK] or results[1] != "12 bytes, first 6":
        raise VmFailure(f"{[each.text for each in answers]} {rest}")
    return f"THAW gets it ({results[0]}), its own: {results[2]}"


LIMIT_FACTS = (
    ("HOT_BACKUP not answered", hot_backup_unanswered, "failure after 30 s, answer EINVAL"),
    ("FREEZE not answered", freeze_unanswered, "failure after 900 s, answer EINVAL"),
    ("THAW not answered", thaw_unanswered, "failure after 30 s, answer EINVAL"),
    ("answer after 35 s, THAW waiting", late_answer,
     "THAW gets it (12 bytes), its own: EINVAL"),
)


# -- what becomes of a guest ------------------------------------------------------------------

def pid_of(guest):
    return guest.process.pid if guest.kind != VSSD else guest.service.vssd.pid


def stopped(bench, guest, request, limit):
    """Nothing is read until long after the limit, and the request is there still."""
    pid = pid_of(guest)
    answers, rest = script(bench, f"kill -STOP {pid}; {HOST} {request} hot_backup;"
                                  f"kill -CONT {pid}; sleep 40; {THAWED}; {AGAIN}")
    first, at_once, *again = answers
    after(at_once, 0, 5)
    texts = [each.text for each in again]
    if rest != ["thawed"] or texts != [OK] * 3 or at_once.text != FAILURE:
        raise VmFailure(f"{rest}, then {texts}")
    return f"{after(first, limit, 1.05 * limit + 2)}, serves again"


def stopped_in_hot_backup(bench, guest):
    return stopped(bench, guest, "hot_backup", 30)


def stopped_in_freeze(bench, guest):
    return stopped(bench, guest, "freeze", 900)


def slow_writer(bench, guest, request, least, most):
    """vssd waits for a writer that is stopped; its budgets allow far more than the kernel does."""
    bench.vm.write("/run/empty.db", "")
    writer = guest.service.start_writer("sqlite", "/run/empty.db")
    guest.service.wait_until_ready(writers=1)
    pid = writer.pid
    answers, rest = script(bench, f"kill -STOP {pid}; {HOST} {request}; kill -CONT {pid}; sleep 40;"
                                  f"{THAWED}; {AGAIN}")
    writer.signal(signal.SIGKILL)
    writer.wait(60)
    first, *again = answers
    texts = [each.text for each in again]
    if rest != ["thawed"] or texts != [OK] * 3:
        raise VmFailure(f"{rest}, then {texts}")
    return f"{after(first, least, most)}, serves again"


def late_check(bench, guest):
    return slow_writer(bench, guest, "hot_backup", 28, 30)


def late_freeze(bench, guest):
    return slow_writer(bench, guest, "freeze", 890, 900)


SHORT, LONG = ("failure after 30 s, serves again", "failure after 900 s, serves again")
LIMIT_ROWS = (
    # title, function, what is to happen: with the stock daemon, with vssd
    ("stopped, HOT_BACKUP unread", stopped_in_hot_backup, SHORT, SHORT),
    ("stopped, FREEZE unread", stopped_in_freeze, LONG, LONG),
    ("a writer keeps CHECK waiting", late_check, "-", "failure after 28 s, serves again"),
    ("a writer keeps FREEZE waiting", late_freeze, "-", "failure after 890 s, serves again"),
)
# More than the configuration allows at this door, and allows at the other one.
PATIENT = """
[requesters.hyperv]
check = 3000
prepare = 3000
thaw = 3000
[writers]
timeout = 899
timeout_max = 900
"""


def patient_vssd(bench):
    guest = Vssd(bench, UIO, config=PATIENT, vssd=["--hv-vss-device", "/dev/vmbus/hv_vss"])
    guest.kind = VSSD
    return guest
