"""What proves a good copy of a filesystem. Looks at copies only, never at an image in use.

Each oracle returns complaints, one sentence each; none: the copy is as a freeze leaves it.
A copy is changed by being judged (e2fsck clears orphans, xfs replays its log). Copies of xfs and
btrfs carry the identity of their original: judge btrfs only when the original is not mounted.
"""

import os
import subprocess
import tempfile


def run(*words):
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False)
    return result.returncode, result.stdout


def judge_filesystem(copy, kind):
    return {"ext4": judge_ext4, "xfs": judge_xfs, "btrfs": judge_btrfs}[kind](copy)


def judge_ext4(copy):
    """An unlinked open file is no fault of the freeze; a journal that wants replaying is."""
    complaints = []
    status, text = run("dumpe2fs", "-h", copy)
    if status != 0:
        return [f"{name(copy)}: dumpe2fs cannot read it"]
    if "needs_recovery" in text:
        complaints.append(f"{name(copy)}: the journal needs recovery, so it was not frozen")
    status, text = run("e2fsck", "-p", copy)
    repairs = [line for line in text.splitlines() if not is_orphan_clean_up(line)]
    if status > 1 or (repairs and not complaints):
        complaints.append(f"{name(copy)}: e2fsck -p had to do more than clear orphans: "
                          f"{' / '.join(repairs) or status}")
    status, text = run("e2fsck", "-fn", copy)
    if status != 0:
        complaints.append(f"{name(copy)}: e2fsck -fn finds errors: {text.splitlines()[-1:]}")
    return complaints


def is_orphan_clean_up(line):
    return any(word in line for word in ("orphan", ": clean, ")) or not line.strip()


def judge_xfs(copy):
    """The log is dirty on purpose, so a mount has to replay it first."""
    status, text = in_private_mounts(copy, "xfs", "nouuid", "true")
    if status != 0:
        return [f"{name(copy)}: does not mount: {text.strip()}"]
    status, text = run("xfs_repair", "-n", copy)
    return [f"{name(copy)}: xfs_repair -n finds errors"] if status != 0 else []


def judge_btrfs(copy):
    status, text = in_private_mounts(copy, "btrfs", "ro", "true")
    if status != 0:
        return [f"{name(copy)}: does not mount: {text.strip()}"]
    status, text = run("btrfs", "check", "--force", copy)
    return [f"{name(copy)}: btrfs check finds errors"] if status != 0 else []


def extract(copy, kind, target):
    """Copies the files of a copy to directory `target`, as a restore would. Returns complaints."""
    options = {"ext4": "ro", "xfs": "ro,nouuid", "btrfs": "ro"}[kind]
    status, text = in_private_mounts(copy, kind, options, 'cp -r "$mount/." "$target"', target)
    return [] if status == 0 else [f"{name(copy)}: cannot be read: {text.strip()}"]


def in_private_mounts(copy, kind, options, command, target=""):
    """Mounts the copy on a loop device where nobody else sees it, runs `command`, unmounts."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(copy)) as mount:
        script = ('mount -t "$kind" -o "loop,$options" "$copy" "$mount" || exit 1\n'
                  f'{command}; status=$?\numount "$mount" || exit 1\nexit $status')
        environment = os.environ | {"kind": kind, "options": options, "copy": copy, "mount": mount,
                                    "target": target}
        result = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
            check=False)
        return result.returncode, result.stdout


def name(copy):
    return os.path.basename(copy)
