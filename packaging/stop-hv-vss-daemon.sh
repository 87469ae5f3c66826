#!/bin/sh
# Stops Debian's hv_vss_daemon, never in a hold: it would leave every filesystem frozen, and the host
# would hear of no failure. Waits for the end of a hold. As root; 0: it does not run.
set -eu
unit=hv-vss-daemon.service
thawed=/run/openvss.thawed

# SIGSTOP ends no system call: it stands still only after what it has begun with a filesystem.
stands_still() {
    pid=$(systemctl show --value --property=MainPID $unit)
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        read -r _ _ state _ < "/proc/$pid/stat" || return 1
        [ "$state" != T ] || return 0
        sleep 0.2
    done
    return 1
}

# Ends when nothing on a device is frozen: rmdir waits for a thaw before it looks for the name.
wait_for_thaw() {
    sed -n 's|\\|\\0|g; s|^/dev/[^ ]* \([^ ]*\) .*|\1|p' /proc/self/mounts | {
        while read -r place; do rmdir "$(printf %b "$place")/.openvss-not-there" & done 2> /dev/null
        wait
    }
}

let_go() { systemctl kill --signal=CONT $unit 2> /dev/null || true; }
trap let_go EXIT
trap 'exit 1' INT TERM HUP

for _ in 1 2 3 4 5 6 7 8 9 10; do
    systemctl --quiet is-active $unit || exit 0
    # What it has not read by then the kernel answers with failure when it ends.
    systemctl kill --signal=STOP $unit
    if stands_still; then
        rm -f $thawed
        { wait_for_thaw; : > $thawed; } &
        sleep 1
        if [ -e $thawed ]; then
            systemctl stop $unit # SIGTERM before SIGCONT: it does nothing more
            exit 0
        fi
    fi
    let_go
    wait
done
echo "$unit does not come to rest and is left running: OpenVSS does not hear the host until it is stopped" >&2
exit 1
