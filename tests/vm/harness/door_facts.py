"""What /dev/vmbus/hv_vss says to a program, in each situation that a daemon has to know: a function
for each row. The program is hv_vss_client, which does what it is told and nothing else."""

from harness.door_guests import OK, SLOW_S
from harness.vm import VmFailure

REGISTERED = ("open", "register", "read=4")
NEXT = ("poll=60000", "read=12")  # the next request
FACTS = []


def fact(title, wanted):
    def add(function):
        FACTS.append((title, function, wanted))
        return function
    return add


def start_client(bench, *steps, until):
    """A client that has done the step `until`."""
    job = bench.vm.start("hv_vss_client", *steps)
    bench.vm.wait_until(lambda: f"{until}:" in job.output or job.status is not None, SLOW_S,
                        f"the client's {until}")
    return job


def told(job):
    """What came of each step, in order."""
    job.wait(SLOW_S)
    if job.status != 0:
        raise VmFailure(job.errors)
    return [line.split(": ", 1)[1] for line in job.output.splitlines()]


def alone(bench, *steps):
    """The last step's result."""
    return told(bench.vm.start("hv_vss_client", *steps))[-1]


def asked(bench, request, *steps):
    """A registered client is asked; what came of its steps, and what the host heard."""
    job = start_client(bench, *REGISTERED, *steps, until="read=4")
    answers = bench.host(request)
    return told(job)[len(REGISTERED):], answers


@fact("open, twice", "EBUSY")
def _(bench):
    return alone(bench, "open", "open")


@fact("REGISTER1, then read", "4 bytes, first 129")
def _(bench):
    return alone(bench, *REGISTERED)


@fact("REGISTER1 again before that read", "EFAULT")
def _(bench):
    return alone(bench, "open", "register", "register")


@fact("write of 11 bytes", "EINVAL")
def _(bench):
    return alone(bench, *REGISTERED, "write=11")


@fact("answer to nothing", "EINVAL")
def _(bench):
    return alone(bench, *REGISTERED, "answer=0")


@fact("read, nothing there, O_NONBLOCK, SA_RESTART", "sleeps, EINTR")
def _(bench):
    return "sleeps, " + alone(bench, *REGISTERED, "alarm=300", "read=12")


@fact("read into 4 bytes where 12 are", "EINVAL, then 12 bytes, first 2")
def _(bench):
    steps, answers = asked(bench, "hot_backup", "poll=60000", "read=4", "read=12", "answer=0")
    return f"{steps[1]}, then {steps[2]}" if answers == [OK] else f"host: {answers}"


@fact("REGISTER1 in place of an answer", "EINVAL, the answer: 12 bytes")
def _(bench):
    steps, answers = asked(bench, "hot_backup", *NEXT, "answer=81", "answer=0")
    return f"{steps[2]}, the answer: {steps[3]}" if answers == [OK] else f"host: {answers}"


@fact("E_FAIL as an answer to FREEZE", "first 5; host: failure")
def _(bench):
    steps, answers = asked(bench, "freeze", *NEXT, "answer=80004005")
    return f"{steps[1].split(', ')[1]}; host: {answers[0]}"


@fact("closed before the answer", "host: failure")
def _(bench):
    return f"host: {asked(bench, 'freeze', *NEXT, 'close')[1][0]}"


@fact("FREEZE to who opened and did not register", "EINVAL for REGISTER1, then 12 bytes, first 5")
def _(bench):
    """It is let through once the kernel has answered any request by itself."""
    job = start_client(bench, "open", "poll=60000", "register", "read=4", "read=12", "answer=0",
                       until="open")
    answers = bench.host("get_dm_info", "freeze")
    steps = told(job)
    if answers != [OK, OK] or steps[3] != "EINVAL":
        raise VmFailure(f"host: {answers}, client: {steps}")
    return f"{steps[2]} for REGISTER1, then {steps[4]}"


@fact("driver unbound", "poll ERR HUP, read EBADF")
def _(bench):
    job = start_client(bench, *REGISTERED, *NEXT, until="read=4")
    unbinding = bench.unbind("hv_utils")
    steps = told(job)[len(REGISTERED):]
    unbinding.wait(SLOW_S)
    bench.bind("hv_utils")
    return f"poll {steps[0]}, read {steps[1]}"
