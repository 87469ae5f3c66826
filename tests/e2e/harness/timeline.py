"""The timeline of a transaction, from the record that `vssctl explain --json` prints."""

PHASE_PARTS = {  # phase → which times of writers and of filesystems belong to it
    "prepare": ("prepare_us", None),
    "freeze writers": ("freeze_us", None),
    "freeze filesystems": (None, "freeze_us"),
    "thaw filesystems": (None, "thaw_us"),
    "thaw writers": ("thaw_us", None),
    "abort filesystems": (None, "thaw_us"),
    "abort writers": ("thaw_us", None),
}


def seconds(microseconds):
    return f"{round(microseconds / 1000) / 1000:8.3f}"  # next to nothing has no sign


def hold_of(record):
    """Seconds from the first hold to the last release."""
    return ((record["ended_us"] or 0) - (record["hold_began_us"] or 0)) / 1e6


def render(record):
    lines = ["        at   length  (seconds since the request)"]
    for phase in record["phases"]:
        lines.append(f"  {seconds(phase['began_us'])} {seconds(phase['length_us'])}  "
                     f"{phase['phase']}")
        of_writer, of_filesystem = PHASE_PARTS.get(phase["phase"], (None, None))
        if of_writer:
            lines += [f"           {seconds(writer[of_writer])}    writer {writer['name']} "
                      f"(level {writer['level']})"
                      for writer in record["writers"] if writer[of_writer]]
        if of_filesystem:
            lines += [f"           {seconds(mount[of_filesystem])}    {mount['type']} "
                      f"{mount['mount_point']} (layer {mount['layer']})"
                      for mount in record["filesystems"] if mount[of_filesystem]]
    lines.append(f"  {seconds(record['ended_us'] or 0)}           end")
    lines += [f"  {seconds(part['began_us'])} {seconds(part['length_us'])}  "
              f"host {part['request']}: {'yes' if part['success'] else 'no'}"
              for part in record["host"]]
    if record["hold_deadline_us"] is not None:
        passed = " (passed: thawed automatically)" if record["automatic_thaw"] else ""
        lines.append(f"  {seconds(record['hold_deadline_us'])}           hold deadline{passed}")
    return "\n".join(lines)
