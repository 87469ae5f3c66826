#!/bin/sh
# Stops Debian's hv_vss_daemon, never in a hold: it would leave every filesystem frozen, and the host
# would hear of no failure. Waits for the end of a hold, SECONDS at most (600). As root.
#
#     stop-hv-vss-daemon [SECONDS]
#
# 0: it does not run. 1: it runs on, or nobody can say; standard error says why.
set -eu
unit=hv-vss-daemon.service
patience=${1:-600}
daemon=
guard=

fail() {
    echo "$1: OpenVSS does not hear the host while an hv_vss_daemon runs" >&2
    exit 1
}

# Of process 1. Never while the daemon is stopped: it may itself wait for the thaw which nobody but
# that daemon can bring.
ask() {
    systemctl show --value --property="$1" $unit || fail "systemctl does not say how $unit is"
}

# As in proc(5). Z also where there is no such process any more.
look_at() {
    { read -r _ _ state _ < "/proc/$1/stat"; } 2> /dev/null || state=Z
}
has_ended() {
    look_at "$1"
    [ "$state" = Z ]
}

# SIGSTOP ends no system call: it stands still only after what it has begun with a filesystem.
stands_still() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        look_at "$daemon"
        case $state in
            T) return 0 ;;
            Z) return 1 ;;
        esac
        sleep 0.2
    done
    return 1
}

# Ends when nothing on a device is frozen: rmdir waits for a thaw before it looks for the name.
wait_for_thaw() {
    exec 9<&- < /dev/null > /dev/null 2>&1 # may outlive the script
    places=$(sed -n 's|\\|\\0|g; s|^/dev/[^ ]* \([^ ]*\) .*|\1|p' /proc/self/mounts) || exit 1
    set -f
    for place in $places; do rmdir "$(printf %b "$place")/.openvss-not-there" & done
    wait
}

# Leaves in $waiter who ends with the thaw.
nothing_is_frozen() {
    wait_for_thaw &
    waiter=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        if has_ended $waiter; then
            wait $waiter # false if it was killed
            return
        fi
        sleep 0.1
    done
    return 1
}

# For a script that is killed while the daemon is stopped. Keeps its lock until that runs again.
watch_over_script() {
    exec < /dev/null > /dev/null 2>&1
    trap '' INT TERM HUP
    until has_ended $$; do sleep 1 9<&- || true; done
    kill -CONT "$daemon"
}

let_go() {
    [ -z "$daemon" ] || kill -CONT "$daemon" 2> /dev/null || true
    [ -z "$guard" ] || kill -KILL "$guard" 2> /dev/null || true
    guard=
}

# True: it was told to end while nothing was frozen, and does nothing before. Its descriptors are
# 9, which only root can open: one script at a time stops it.
ended_at_rest() {
    flock --wait 30 9 || return 1
    watch_over_script &
    guard=$!
    told=false
    # What it has not read by then the kernel answers with failure when it ends.
    if kill -STOP "$daemon" && stands_still && nothing_is_frozen; then
        kill -TERM "$daemon" # it sees that before it goes on
        told=true
    fi
    let_go
    $told
}

wait_for_its_end() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ! has_ended "$daemon" || return 0
        sleep 0.5
    done
    fail "process $daemon does not end"
}

# What its unit did not start is not touched. OpenVSS's own program of that name is the freezer.
look_for_others() {
    for name in $(grep -lx hv_vss_daemon /proc/[0-9]*/comm 2> /dev/null); do
        other=${name#/proc/}
        other=${other%/comm}
        case $(readlink "/proc/$other/exe") in
            '' | */vss-freezer*) ;;
            *) fail "process $other is no part of $unit: end it when nothing is frozen (kill $other)" ;;
        esac
    done
}

trap let_go EXIT
trap 'exit 1' INT TERM HUP
trap '' TSTP TTIN TTOU

waited=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
    standing=$(ask ActiveState)
    case $standing in
        inactive | failed)
            look_for_others
            exit 0
            ;;
    esac
    daemon=$(ask MainPID)
    case $daemon in
        '' | 0 | *[!0-9]*) # it starts or ends just now
            daemon=
            sleep 1
            continue
            ;;
    esac
    waiter=
    if ended_at_rest 9< "/proc/$daemon/fd"; then
        wait_for_its_end
        systemctl stop $unit || fail "systemctl does not stop $unit"
        continue
    fi
    until [ -z "$waiter" ] || has_ended "$waiter"; do
        [ "$waited" -lt "$patience" ] ||
            fail "a filesystem is frozen for more than $patience s; $unit is left running"
        sleep 1
        waited=$((waited + 1))
    done
done
fail "$unit does not come to rest and is left running"
