"""What a host may meet at a guest's door to it: one function for each row of the table.

Each is given a bench and who serves there, and says what happened in a few words, which the table
compares (kernel_doors_test.py). It leaves nothing frozen, and who serves serving.
"""

import os
import shutil
import signal
import time

from harness import oracles
from harness.bank_contents import judge_contents
from harness.door_guests import DISK, FAILURE, NONE, OK, SLOW_S, STOCK, UIO, StockDaemon
from harness.vm import VmFailure

STILL_S = 1.0  # a writer that stands still is looked at twice, so far apart


def words(answers):
    return ", ".join(answers)


def expect(answers, *wanted):
    if answers != list(wanted):
        raise VmFailure(f"answered {answers}, not {list(wanted)}")


def freeze(bench, guest):
    expect(bench.host("freeze", through=guest.kind), OK)
    if not bench.is_frozen():
        raise VmFailure("FREEZE succeeded and the disk is not frozen")


# -- backups ----------------------------------------------------------------------------------

def transfers(bench):
    return int.from_bytes(bench.box.read_bytes("/run/bank.page", 8), "little")


def whole_backup(bench, guest):
    """With an application that writes, and a copy of the disk, judged outside. Debian's daemon asks
    no application: a transfer may be between its halves, so its copy's contents prove nothing."""
    bench.vm.must("sh", "-c", f"rm -rf /run/bank.page {DISK}/*; mkdir {DISK}/a {DISK}/b")
    bank = bench.vm.start("bank", "/run/bank.page", f"{DISK}/a", f"{DISK}/b")
    bench.vm.wait_until(lambda: bench.vm.exists("/run/bank.page") and transfers(bench) > 3, SLOW_S,
                        f"transfers of the bank ({bank.errors})")
    writer = None
    if guest.kind != STOCK:
        writer = guest.service.start_writer("sqlite", f"{DISK}/a/bank.db", f"{DISK}/b/bank.db")
        guest.service.wait_until_ready(writers=1, timeout=SLOW_S)
    try:
        expect(bench.host("negotiate", "hot_backup", "get_dm_info", through=guest.kind), OK, OK, OK)
        freeze(bench, guest)
        before = transfers(bench)
        time.sleep(STILL_S)
        stands_still = transfers(bench) == before
        copy = bench.vm.path("copy.img")
        oracles.run("cp", "--sparse=always", bench.vm.path("disk0.img"), copy)
        expect(bench.host("thaw", "bu_complete", through=guest.kind), OK, OK)
        bench.vm.wait_until(lambda: transfers(bench) > before + 3, SLOW_S, "more transfers")
    finally:
        for process in (bank, writer):
            if process:
                process.kill()
                process.wait(SLOW_S)
    stock = guest.kind == STOCK
    complaints = oracles.judge_filesystem(copy, "ext4") + ([] if stock else judge_contents_of(copy))
    if complaints or not stands_still:
        raise VmFailure(f"writer stands still: {stands_still}; copy: {complaints}")
    return "filesystem good" if stock else "copy good"


def judge_contents_of(copy):
    complaints = []
    files = copy + ".files"
    os.mkdir(files)
    complaints += oracles.extract(copy, "ext4", files)
    complaints += judge_contents(os.path.join(files, "a"), os.path.join(files, "b"))[0]
    shutil.rmtree(files)
    return complaints


def two_more(bench, guest):
    return words(bench.host("hot_backup", "freeze", "thaw", "hot_backup", "freeze", "thaw",
                            through=guest.kind))


def hot_backup_flags(bench, guest):
    """The host's check of the answer has it: 5, or with --hv-utils what it had sent itself."""
    expect(bench.host("hot_backup", through=guest.kind), OK)
    return "5" if guest.kind == UIO else "0"


def other_requests(bench, guest):
    """CREATE, DELETE, GET_DM_INFO, BU_COMPLETE, AUTO_RECOVER and one that nobody knows."""
    answers = bench.host("create", "delete", "get_dm_info", "bu_complete", "auto_recover", "op=8",
                         through=guest.kind)
    kinds = set(answers)
    if len(kinds) == 1:
        return f"{answers[0]} for each"
    return f"{answers.count(OK)} times success, {answers.count(FAILURE)} failure"


def two_requests_at_once(bench, guest):
    """THAW lies in the ring before FREEZE is answered."""
    answers = bench.host("freeze&", "thaw&", "wait", through=guest.kind)
    if not bench.is_thawed():
        raise VmFailure("left frozen")
    return f"{len(answers)} answers"


# -- without anybody --------------------------------------------------------------------------

def nobody(bench, guest):
    guest.stop()
    if guest.kind == UIO:
        job = bench.start_host("freeze", through=guest.kind, wait=2)
        job.wait(SLOW_S)
        result = "no channel" if "no guest has opened" in job.errors else job.errors
    else:
        began = time.monotonic()
        result = words(bench.host("hot_backup", "freeze", "thaw"))
        if time.monotonic() - began > 20:
            raise VmFailure("only after the kernel's limit")
    guest.start()
    return result


def second_opener(bench, _guest):
    """While one has the device, another is refused."""
    other = bench.vm.run("hv_vss_client", "open")
    return other.output.strip().removeprefix("open: ")


# -- ends in the middle -----------------------------------------------------------------------

def killed_in_hold(bench, guest):
    freeze(bench, guest)
    guest.kill()
    if guest.kind == STOCK:
        frozen = bench.is_frozen()
        answers = bench.host("thaw", through=guest.kind)
        bench.thaw_by_hand()
        guest.start()
        return f"{'stays frozen' if frozen else 'thawed'}, THAW {words(answers)}"
    thawed = bench.is_thawed()
    guest.restart()
    if guest.kind == UIO:
        bench.host("negotiate", through=guest.kind)
    bench.vm.wait_until(lambda: "is open" in guest.says(), SLOW_S, "the door is open again")
    answers = bench.host("thaw", "thaw", through=guest.kind)
    guest.wait_until_served()
    return f"{'thawed' if thawed else 'stays frozen'}, THAW {words(answers)}"


def killed_before_its_answer(bench, guest):
    """It is stopped, FREEZE comes, it is killed: the host hears of it."""
    guest.signal(signal.SIGSTOP)
    host = bench.start_host("freeze", through=guest.kind)
    time.sleep(1)
    guest.kill()
    host.wait(SLOW_S)
    answers = bench.answers_of(host)
    frozen = bench.is_frozen()
    if guest.kind == STOCK:
        guest.start()
    else:
        guest.restart()
        guest.wait_until_served()
    return words(answers) + (", frozen" if frozen else "")


# -- the device goes --------------------------------------------------------------------------

def unbound_in_hold(bench, guest):
    freeze(bench, guest)
    driver = "uio_hv_generic" if guest.kind == UIO else "hv_utils"
    unbinding = bench.unbind(driver)
    thawed = bench.is_thawed()
    if unbinding.wait(SLOW_S) != 0:
        raise VmFailure(f"unbind: {unbinding.errors}")
    if guest.kind == STOCK and not guest.has_ended():
        raise VmFailure("the daemon runs on without its device")
    bench.bind(driver)
    return ("thawed" if thawed else "stays frozen") + served_again(bench, guest)


def rescinded_in_hold(bench, guest):
    freeze(bench, guest)
    rescinding = bench.start_host("rescind", through=guest.kind)
    thawed = bench.is_thawed()
    rescinding.wait(SLOW_S)
    bench.start_host("offer", through=guest.kind).wait(SLOW_S)
    if bench.driver() != "hv_utils":
        raise VmFailure(f"the new device is bound to {bench.driver()}")
    bench.give_nodes_away()
    if guest.kind == UIO:
        bench.bind_to_uio()
    return ("thawed" if thawed else "stays frozen") + served_again(bench, guest)


def served_again(bench, guest):
    """The next backup, by whoever is there now; Debian's daemon has ended and is started."""
    if guest.kind == STOCK:
        guest.has_ended()
        guest.start()
        return ", ends"
    # The first THAW after a hold that ended early tells that its copy is torn.
    guest.wait_until_served()
    expect(bench.host("thaw", through=guest.kind), FAILURE)
    expect(bench.host("hot_backup", "freeze", "thaw", through=guest.kind), OK, OK, OK)
    return ", serves again"


# -- a host, or a bus, that fails -------------------------------------------------------------

def lost_interrupt(bench, guest):
    """HOT_BACKUP lies in the ring, and nobody says so."""
    job = bench.start_host("mute", "hot_backup", through=guest.kind, answer=3)
    job.wait(SLOW_S)
    answers = bench.answers_of(job)
    if answers == [OK]:
        return "found without one"
    expect(answers, NONE)
    # The answer to the question of before comes first, and this host did not ask it.
    bench.start_host("interrupt", "sleep=0.5", through=guest.kind).wait(SLOW_S)
    expect(bench.host("hot_backup", through=guest.kind), OK)
    return "with the next interrupt"


def bad_write_index(bench, guest):
    for index in ("12345", "4294967288"):
        bench.start_host(f"write_index={index}", "sleep=1", through=guest.kind).wait(SLOW_S)
        bench.host("negotiate", through=guest.kind)
    guest.wait_until_served()
    return "opened anew"


def bad_descriptor(bench, guest):
    """Lengths that cannot be: of one unit, and more than there is."""
    for head in ("0600020001000000", "06000200ffff0000"):
        bench.start_host(f"raw={head}{'0' * 48}", "sleep=1", through=guest.kind).wait(SLOW_S)
        guest.wait_until_served()
    return "dropped"


def taken_over(bench, guest):
    """Another program answers the host first; when it leaves, vssd does."""
    guest.stop()
    other = StockDaemon(bench)
    other.start()
    guest.service.start()
    bench.vm.wait_until(lambda: "held by another program" in guest.says(), SLOW_S,
                        "vssd says who has the device")
    other.stop()
    bench.vm.wait_until(lambda: "is open" in guest.says(), SLOW_S, "the door")
    guest.wait_until_served()
    return "when it is free"


ROWS = (
    # title, function, what is to happen: with the stock daemon, with vssd, with vssd over UIO
    ("backup, an application writing", whole_backup, "filesystem good", "copy good",
     "copy good"),
    ("two more backups", two_more, *["success, success, success, success, success, success"] * 3),
    ("flags of HOT_BACKUP's answer", hot_backup_flags, "0", "0", "5"),
    ("CREATE … AUTO_RECOVER, OP_8", other_requests, "success for each", "success for each",
     "2 times success, 4 failure"),
    ("THAW before FREEZE is answered", two_requests_at_once, "2 answers", "2 answers", "2 answers"),
    ("nobody there", nobody, "failure, failure, failure", "failure, failure, failure",
     "no channel"),
    ("a second program opens it", second_opener, "EBUSY", "EBUSY", "-"),
    ("another program has it", taken_over, "-", "when it is free", "-"),
    ("killed in hold", killed_in_hold, "stays frozen, THAW failure",
     "thawed, THAW failure, success", "thawed, THAW failure, success"),
    ("killed with FREEZE unread", killed_before_its_answer, "failure", "failure", "no answer"),
    ("driver unbound in hold, bound again", unbound_in_hold, "thawed, ends",
     "thawed, serves again", "thawed, serves again"),
    ("rescinded in hold, offered again", rescinded_in_hold, "thawed, ends",
     "thawed, serves again", "thawed, serves again"),
    ("a packet without its interrupt", lost_interrupt, "with the next interrupt",
     "with the next interrupt", "found without one"),
    ("a write index that cannot be", bad_write_index, "-", "-", "opened anew"),
    ("a descriptor that cannot be", bad_descriptor, "-", "-", "dropped"),
)
