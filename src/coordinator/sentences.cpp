#include "coordinator/sentences.hpp"

namespace vss::coordinator::sentences {
namespace {

template <typename... Parts>
Reason join(const Parts&... parts) {
  Reason reason;
  (reason.append(std::string_view{parts}), ...);
  return reason;
}

base::FixedText<24> number(std::uint64_t value) {
  base::FixedText<24> text;
  text.append_number(value);
  return text;
}

// "2.0 s": a tenth is as much as a person wants to know of a timeout.
base::FixedText<32> seconds(Duration duration) {
  const auto tenths = (duration.count() + 50'000'000) / 100'000'000;
  base::FixedText<32> text;
  text.append_number(tenths / 10).append(".").append_number(tenths % 10).append(" s");
  return text;
}

// "3 writers", "1 writer"
base::FixedText<48> counted(std::uint64_t count, std::string_view noun) {
  base::FixedText<48> text;
  text.append_number(count).append(" ").append(noun);
  if (count != 1) text.append("s");
  return text;
}

// "writer 'postgres' (level 100, required)"
Reason who(const Participant& writer) {
  return join("writer '", writer.name, "' (level ",
              number(static_cast<std::uint64_t>(writer.level)),
              writer.required() ? ", required)" : ", optional)");
}

// The participant's own words, cut so that the rest of the sentence keeps its place.
base::FixedText<120> own_words(std::string_view reason) {
  if (reason.empty()) return "it gave no reason; see its log";
  return base::FixedText<120>{reason};
}

}  // namespace

Reason busy(std::string_view owner, TransactionId id, Phase phase) {
  return join("busy: transaction ", base::to_text(id), " of '", owner, "' is open (",
              to_text(phase), "); try again when it has ended");
}

Reason no_freezer() {
  return "no freezer is connected, so no filesystem can be frozen: start vss-freezer, or ask for "
         "--filesystems none";
}

Reason no_guardian() {
  return "no guardian is alive, and without one nothing is frozen: start vss-guardian";
}

Reason freezer_unclean(TransactionId id, bool connected, std::string_view reason) {
  Reason text = connected ? "the freezer is not clean" : "the freezer is gone";
  if (id.valid()) text.append(" after transaction ").append(base::to_text(id));
  if (!connected) {
    return text.append(
        " and nobody has confirmed the thaw: start vss-freezer, or run vss-freezer --thaw");
  }
  return text.append(": ").append(
      reason.empty() ? "it has not confirmed that nothing is frozen; see its log" : reason);
}

// On the kernel's log, too: whoever reads it there has nothing else.
Reason left_frozen(TransactionId id) {
  return join("what a daemon at /dev/hv_fsvss_dev froze for transaction ", base::to_text(id),
              " may be frozen still, and nobody thaws it: start that daemon again, or thaw by "
              "`fsfreeze -u MOUNTPOINT` and then run `vssctl thaw --force`");
}

Reason thawed_at_last(TransactionId id) {
  return join("nothing of transaction ", base::to_text(id), " is frozen any more");
}

Reason expected_absent(std::string_view writer) {
  return join("writer '", writer,
              "' is expected and not connected: start it, or take it out of writers.expected");
}

Reason writers_limit(std::size_t limit) {
  return join("the limit of ", counted(limit, "writer"),
              " is reached: raise it in the configuration");
}

Reason second_freezer(bool first_is_plain) {
  if (first_is_plain) {
    return "a daemon has the filesystems' device (hv_fsvss_dev) open, and there can be only one "
           "freezer: stop one of the two";
  }
  return "another freezer is connected; there can be only one";
}

Reason writer_refused(const Participant& writer, Operation operation, std::string_view reason) {
  return join(who(writer), " refused ", to_text(operation), ": ", own_words(reason));
}

Reason writer_late(const Participant& writer, Operation operation, Duration after) {
  return join(who(writer), " did not answer ", to_text(operation), " within ", seconds(after),
              writer.required() ? "; see its log, raise its timeout, or make it optional"
                                : "; see its log, or raise its timeout");
}

Reason writer_lost(const Participant& writer, Phase phase, std::string_view reason) {
  return join(who(writer), " was lost in phase '", to_text(phase), "': ",
              reason.empty() ? std::string_view{"its connection closed"} : own_words(reason).view(),
              "; see its log");
}

Reason freezer_refused(Operation operation, std::string_view reason) {
  return join("the freezer refused ", to_text(operation), ": ", own_words(reason));
}

Reason freezer_late(Operation operation, Duration after) {
  return join(
      "the freezer did not answer ", to_text(operation), " within ", seconds(after),
      ": `vssctl explain` names the filesystem it waits for; exclude it, repair its device, "
      "or raise the budget");
}

Reason freezer_lost(Phase phase, std::string_view reason) {
  return join("the freezer was lost in phase '", to_text(phase), "' (",
              reason.empty() ? std::string_view{"its connection closed"} : own_words(reason).view(),
              "); see its log");
}

Reason guardian_lost(Phase phase) {
  return join("the guardian was lost in phase '", to_text(phase),
              "', and without one nothing stays frozen; see the log of vss-guardian");
}

Reason thawed_unasked(Phase phase) {
  return join("the filesystems were thawed by guardian or recovery in phase '", to_text(phase),
              "'; see the logs of vss-freezer and vss-guardian");
}

Reason not_enough(const Judgement& judgement, Grade require, const Holding& holding) {
  const FilesystemCounts& counts = holding.counts;
  switch (judgement.shortfall) {
    case Shortfall::kNone: break;
    case Shortfall::kRequiredMissing: return "a required writer does not hold; see its entry";
    case Shortfall::kNothingHeld:
      return "nothing would be held: no filesystem is to be frozen and no writer takes part; "
             "connect a writer, or select filesystems";
    case Shortfall::kNotAllFrozen:
      return join("only ", number(counts.frozen), " of ", number(counts.to_freeze),
                  " filesystems are frozen (", number(counts.in_flight),
                  " in flight): `vssctl explain` names the others");
    case Shortfall::kPlanChanged:
      return "the mount table changed between plan and answer: try again when mounting is over";
    case Shortfall::kThawedByOthers:
      return "a filesystem was thawed by someone else before everything held: look for another "
             "backup agent (qemu-ga, fsfreeze -u)";
    case Shortfall::kGradeTooLow: break;
  }
  if (counts.lower_grade > 0) {
    return join(counted(counts.lower_grade, "filesystem"), " in scope cannot be frozen, so only ",
                "grade crash is reached where ", to_text(require),
                " is required: exclude it, or ask for require = crash (`vssctl plan` names it)");
  }
  return join("only grade ", to_text(judgement.grade), " is reached where ", to_text(require),
              " is required: ",
              holding.writers_held == 0 ? "no writer holds; connect one, or lower `require`"
                                        : "an expected writer does not hold; see its entry");
}

Reason withdrawn(std::string_view requester, Phase phase) {
  return join("'", requester, "' sent THAW in phase '", to_text(phase),
              "', before anything was promised");
}

Reason aborted(std::string_view by, Phase phase) {
  return join("aborted by '", by, "' in phase '", to_text(phase), "'");
}

Reason requester_gone(std::string_view requester, std::string_view reason) {
  return join("requester '", requester, "' went away (",
              reason.empty() ? std::string_view{"its connection closed"} : own_words(reason).view(),
              ") and its transaction was aborted");
}

Reason hold_expired(Duration budget, RequesterKind kind) {
  return join("the hold reached its deadline of ", seconds(budget),
              " and was ended before THAW came: the copy may be torn; make the snapshot faster, or "
              "raise the hold budget of ",
              to_text(kind), " requesters");
}

Reason thaw_tampered(const FilesystemCounts& counts, std::string_view reason) {
  // The freezer's words name the first of them.
  Reason which;
  if (!reason.empty()) which.append(" (").append(own_words(reason)).append(")");
  if (counts.thawed_by_guardian > 0) {
    return join(counted(counts.thawed_by_guardian, "filesystem"),
                " had to be thawed by the guardian", which,
                ": the copy may be torn; see the logs of vss-freezer and vss-guardian");
  }
  return join(counted(counts.thawed_by_others, "filesystem"), " thawed by someone else", which,
              ": the copy may be torn; look for another backup agent (qemu-ga, fsfreeze -u)");
}

Reason thaw_unanswered() {
  return "the freezer thawed and did not answer THAW, so nobody knows whether something had been "
         "thawed before: the copy may be torn; see the log of vss-freezer";
}

Reason freezer_thaw_failed(std::string_view reason) {
  return join("the freezer could not thaw: ", own_words(reason));
}

Reason released_unconfirmed(Duration margin) {
  return join("the freezer did not confirm the thaw within ", seconds(margin),
              " after the hold deadline, so the writers were released without it: `vssctl status` "
              "shows what it waits for; vss-freezer --thaw recovers");
}

Reason thaw_unfinished(Duration budget, Phase phase) {
  return join("not everything runs again after ", seconds(budget), " (", to_text(phase),
              "): it is still being tried; `vssctl status` shows what it waits for");
}

Reason driver_died(TransactionId id, bool answered) {
  return join("vssd was restarted while transaction ", base::to_text(id),
              answered ? " was held: its copy may be torn" : " was open: it was never held");
}

Reason check_passed(Grade grade, std::size_t writers, const FilesystemCounts& counts) {
  return join("a snapshot would be ", to_text(grade), "-consistent: ", counted(writers, "writer"),
              " and ", counted(counts.to_freeze, "filesystem"), " could be held");
}

Reason consistent(const Record& record, std::size_t writers_held, Duration hold,
                  std::string_view hold_lost) {
  Reason text = join(to_text(record.grade), "-consistent: ", counted(writers_held, "writer"));
  if (record.freezer_plain) {
    text.append(" and the filesystems of a plain freezer, whose word was taken,");
  } else {
    text.append(" and ").append(counted(record.filesystems.frozen, "filesystem"));
  }
  text.append(" held for ").append(seconds(hold));
  if (record.filesystems.excluded > 0) {
    text.append("; excluded: ").append(counted(record.filesystems.excluded, "filesystem"));
  }
  for (const WriterEntry& writer : record.writers) {
    if (writer.fate != WriterFate::kDropped) continue;
    text.append("; left out: ").append(writer.reason);
    break;
  }
  if (!hold_lost.empty()) text.append("; not counted: ").append(hold_lost);
  return text;
}

Reason nothing_open() {
  return "nothing is open";
}

Reason everything_runs(TransactionId id) {
  return join("transaction ", base::to_text(id), " was ended and everything runs");
}

Reason not_held_yet(TransactionId id, Phase phase) {
  return join("transaction ", base::to_text(id), " is not held yet (", to_text(phase),
              "): wait for its answer, or end it with `vssctl thaw`");
}

Reason bound(TransactionId id, std::string_view owner) {
  return join("transaction ", base::to_text(id), " belongs to '", owner,
              "', which has to end it itself; `vssctl thaw` aborts it");
}

Reason not_open(TransactionId id) {
  return join("transaction ", base::to_text(id), " is not open; `vssctl explain ",
              base::to_text(id), "` shows its record, if there is one");
}

Reason ended_before(TransactionId id, std::string_view how) {
  return join("transaction ", base::to_text(id), " ended before: ", how);
}

Reason too_many_waiting() {
  return "too many requests wait for the end of this transaction";
}

}  // namespace vss::coordinator::sentences
