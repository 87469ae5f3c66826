"""One cell: its filesystems in one sandbox, all methods in turn, repetition after repetition."""

import contextlib

import machine
from harness.sandbox import Sandbox, Volume
from methods.limit import Limit
from methods.method import MethodFailed
from scenarios import LOADS, balanced_order
from writers import NoWriters, Writers

QUIET_LIMIT_S = 60  # the harness may be slow to say that it lives, on a machine that is full


def measure(programs, cell, methods, repetitions, limit_s, report):
    """Calls report(method's name, repetition, round, stall_ms, before) for each measurement. Says
    whether the loop devices go round the machine's page cache."""
    volumes = [Volume(f"v{number:03}", cell.kind, cell.size_mib) for number in range(cell.count)]
    with contextlib.ExitStack() as stack:
        box = stack.enter_context(Sandbox(programs, volumes, limit_s=limit_s, direct_io=True,
                                          heartbeat_limit_s=QUIET_LIMIT_S))
        mount_points = [volume.mount_point for volume in volumes]
        direct_io = machine.loops_have_direct_io(box.directory)
        alive = []
        for method_class in methods:
            alive.append(method_class(box, mount_points, repetitions + 1))
            alive[-1].start()
            stack.callback(alive[-1].stop)
        check_all_freeze(alive, len(mount_points))
        writers = start_writers(box, mount_points, cell)
        stack.callback(writers.stop)
        for repetition in range(repetitions):
            for method in balanced_order(alive, repetition):
                writers.prepare()
                round_ = method.round()
                report(method.NAME, repetition, round_, *writers.seen(round_))
    if box.thawed_by_guard:
        raise MethodFailed(f"left frozen: {', '.join(box.thawed_by_guard)}")
    return direct_io


def start_writers(box, mount_points, cell):
    load = LOADS[cell.load]
    return Writers(box, mount_points, load, cell.file_mib) if load.block else NoWriters(load)


def check_all_freeze(alive, count):
    """An answer is no proof: between it and the thaw all must be frozen, and then none. That round
    is not counted."""
    limit = next(method for method in alive if isinstance(method, Limit))
    for method in alive:
        def look(method=method):
            frozen = limit.count_frozen()
            if frozen != count:
                raise MethodFailed(f"{method.NAME} says frozen: {frozen} of {count} are")
        method.round(look)
        if limit.count_frozen() != 0:
            raise MethodFailed(f"{method.NAME} says thawed, and not all are")
