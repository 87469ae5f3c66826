// The help texts: each fits a terminal of 24 lines and 80 columns.
#include <array>
#include <utility>

#include "operator/command_line.hpp"

namespace vss::operators {
namespace {

constexpr std::string_view kMain = R"(Usage: vssctl COMMAND [OPTION…]

Asks vssd for consistent copies, and explains what happened.

  doctor              Would a backup succeed here? What could spoil it?
  rehearse            A transaction without a copy: timeline, stall, verdict
  status              Is vssd ready, what is open, which writers are missing?
  writers             Applications that take part
  plan                Every mount: frozen, synced or left out, and why
  check               Could a snapshot be taken now? Changes nothing
  history             The last transactions
  explain [ID]        One transaction in full (default: the last)
  snapshot -- COMMAND Hold everything while COMMAND takes the copy
  hold                Hold everything and return; prints the transaction's id
  release [ID]        End a hold
  thaw [--force]      End whatever is open, whoever asked for it

Options of every command:
  --runtime-dir DIR   Where vssd's sockets are (default /run/openvss)
  --config FILE       Configuration (default /etc/openvss/openvss.toml)
  --help, --version

Exit status: 0 yes, 1 no, 2 usage or configuration, 77 needs root; snapshot and
doctor have their own. `vssctl COMMAND --help` tells more.
)";

constexpr std::string_view kDoctor = R"(Usage: vssctl doctor [--json]

Examines service and machine, and changes nothing: kernel, the host's door,
sockets, units, memory, plan, writers, other agents that freeze, limits, logs
and what earlier transactions left. Each finding says what it is, why it
matters, and what mends it; docs/doctor.md lists them all. Root sees more.

  --json              The findings as JSON (schema: docs/doctor.md)
  --runtime-dir DIR, --config FILE

Exit status: 0 good, 1 risks, 3 a backup would fail, 2 the configuration is
wrong.
)";

constexpr std::string_view kRehearse = R"(Usage: vssctl rehearse [OPTION…]

A whole transaction of which no copy is taken: everything is held for a moment
and released. Prints the verdict, how long each filesystem stood still for a
program that writes to it (measured as root only), and the timeline.

  --filesystems all|none|PATH…  Freeze these mount points (default all)
  --hold-max SECONDS  Thaw after this time at the latest (default: configured)
  --require GRADE     crash, filesystem or application (default: configured)
  --json              The result as JSON (schema: docs/records.md)
  --runtime-dir DIR, --config FILE

Unless with --filesystems none, standard output may not be a file: it could be
frozen.

Exit status: 0 a copy would have been good, 1 it would not, or another
transaction is open (the reason is printed).
Needs root or the group vss-admin.
)";

constexpr std::string_view kStatus = R"(Usage: vssctl status [--json]

Prints whether vssd is ready for a transaction (and why not), which one is open,
the state of freezer and guardian, writers that are expected and absent, and how
the last transaction ended.

  --json              The document as JSON (schema: docs/records.md)
  --runtime-dir DIR, --config FILE

Exit status: 0 vssd answered, 1 it did not.
)";

constexpr std::string_view kWriters = R"(Usage: vssctl writers [--json]

Prints the applications that take part: name, level (they are held in ascending
order and released in descending order), required or optional, timeout, state.
Writers that configuration expects and that are absent come first.

  --json              The document as JSON (schema: docs/records.md)
  --runtime-dir DIR, --config FILE

Exit status: 0 vssd answered, 1 it did not.
)";

constexpr std::string_view kPlan = R"(Usage: vssctl plan [--json] [OPTION…]

Draws the tree of mounts, with what a snapshot would do with each, and why.
Filesystems of layer 0 freeze first; those of one layer may freeze together. Of
what is left alone, mounts that have one reason share a line. Changes nothing.

  --filesystems all|none|PATH…
                      Plan for these mount points only (default all)
  --require GRADE     crash, filesystem or application (default: configured)
  --verbose, -v       A line for every mount
  --json              The document as JSON (schema: docs/records.md)
  --runtime-dir DIR, --config FILE

Exit status: 0 this plan can be frozen, 1 a snapshot would fail.
)";

constexpr std::string_view kCheck = R"(Usage: vssctl check [OPTION…]

Asks every participant "could you?" and changes nothing. Leaves a record.

  --filesystems all|none|PATH…
                      Check for these mount points only (default all)
  --require GRADE     crash, filesystem or application (default: configured)
  --runtime-dir DIR, --config FILE

Exit status: 0 a snapshot could be taken, 1 it could not (it says why).
Needs root or the group vss-admin.
)";

constexpr std::string_view kHistory = R"(Usage: vssctl history [--json]

Prints the transactions of which a record is kept (the last 1000), newest first.

  --json              The document as JSON (schema: docs/records.md)
  --runtime-dir DIR, --config FILE

Exit status: 0 vssd answered, 1 it did not.
)";

constexpr std::string_view kExplain = R"(Usage: vssctl explain [ID] [--json]

Prints one transaction in full: why it ended as it did, each phase, the part of
each writer and filesystem, the deadline, and what was excluded. Without ID: the
last.

  --json              The record as JSON (schema: docs/records.md)
  --runtime-dir DIR, --config FILE

Exit status: 0 found, 1 no such record.
)";

constexpr std::string_view kSnapshot = R"(Usage: vssctl snapshot [OPTION…] -- COMMAND [ARGUMENT…]

Holds applications and filesystems, runs COMMAND to take the copy, and releases
everything when it ends, or at the hold deadline.

  --filesystems all|none|PATH…  Freeze these mount points (default all)
  --hold-max SECONDS  Thaw after this time at the latest (default: configured)
  --require GRADE     crash, filesystem or application (default: configured)
  --verbose, -v       Print the timeline afterwards
  --runtime-dir DIR, --config FILE

A COMMAND that freezes by itself what it copies - `btrfs subvolume snapshot`,
`lvcreate -s` - would wait for the thaw: run it with --filesystems none.
COMMAND must not write to what is frozen; that goes for its output too. vssctl
itself says nothing until the thaw, but for its progress, never to a file.

Exit status: COMMAND's own if the copy is good (128+N: killed by signal N);
124 COMMAND was started, but the copy may be torn; 125 COMMAND was not run;
126, 127 COMMAND cannot be executed, was not found.
Needs root or the group vss-admin.
)";

constexpr std::string_view kHold = R"(Usage: vssctl hold [OPTION…]

Holds applications and filesystems, prints the transaction's id on standard
output and returns while everything is held, until `vssctl release` or the hold
deadline:   id=$(vssctl hold) && take-the-copy; vssctl release "$id"

  --filesystems all|none|PATH…
                      Freeze these mount points (default all)
  --hold-max SECONDS  Thaw after this time at the latest (default: configured)
  --require GRADE     crash, filesystem or application (default: configured)
  --runtime-dir DIR, --config FILE

Unless with --filesystems none, standard output may not be a file: it could be
frozen.

Exit status: 0 held, 1 not held (the reason is printed).
Needs root or the group vss-admin.
)";

constexpr std::string_view kRelease = R"(Usage: vssctl release [ID]

Ends the hold that `vssctl hold` began. Without ID: the one that is held now.

  --runtime-dir DIR, --config FILE

Exit status: 0 everything was held until now, 1 it was not: the copy may be torn
(the reason is printed; `vssctl explain ID` tells more).
Needs root or the group vss-admin.
)";

constexpr std::string_view kThaw = R"(Usage: vssctl thaw [--force]

Ends the open transaction, whoever asked for it. Success where nothing is open.

  --force             Afterwards also thaw what a service that is gone or does
                      not answer has left frozen (runs `vss-freezer --thaw
                      --force`); works without vssd. Needs root. Where a daemon
                      at /dev/hv_fsvss_dev left something frozen, it names that
                      for fsfreeze(8) instead; run it again afterwards
  --runtime-dir DIR, --config FILE

Exit status: 0 nothing of ours is frozen, 1 something may be (it is named),
77 not root. Needs root or the group vss-admin.
)";

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kTexts{{
    {"", kMain},
    {"doctor", kDoctor},
    {"rehearse", kRehearse},
    {"status", kStatus},
    {"writers", kWriters},
    {"plan", kPlan},
    {"check", kCheck},
    {"history", kHistory},
    {"explain", kExplain},
    {"snapshot", kSnapshot},
    {"hold", kHold},
    {"release", kRelease},
    {"thaw", kThaw},
}};

}  // namespace

std::string_view help_text(std::string_view subcommand) {
  for (const auto& [name, text] : kTexts) {
    if (name == subcommand) return text;
  }
  return kMain;
}

}  // namespace vss::operators
