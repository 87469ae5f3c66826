// The sentences of a record: what happened, to whom, what to do about it. One place, so that they
// read alike.
#pragma once

#include "coordinator/grading.hpp"
#include "coordinator/record.hpp"
#include "coordinator/registry.hpp"
#include "coordinator/types.hpp"

namespace vss::coordinator::sentences {

using base::TransactionId;

// --- before a transaction ---
Reason busy(std::string_view owner, TransactionId id, Phase phase);
Reason no_freezer();
Reason no_guardian();
Reason freezer_unclean(TransactionId id, bool connected, std::string_view reason);
Reason left_frozen(TransactionId id);
Reason thawed_at_last(TransactionId id);
Reason expected_absent(std::string_view writer);
Reason writers_limit(std::size_t limit);
Reason second_freezer(bool first_is_plain);

// --- why it failed ---
Reason writer_refused(const Participant& writer, Operation operation, std::string_view reason);
Reason writer_late(const Participant& writer, Operation operation, Duration after);
Reason writer_lost(const Participant& writer, Phase phase, std::string_view reason);
Reason freezer_refused(Operation operation, std::string_view reason);
Reason freezer_late(Operation operation, Duration after);
Reason freezer_lost(Phase phase, std::string_view reason);
Reason guardian_lost(Phase phase);
Reason thawed_unasked(Phase phase);
Reason not_enough(const Judgement& judgement, Grade require, const Holding& holding);
Reason withdrawn(std::string_view requester, Phase phase);
Reason aborted(std::string_view by, Phase phase);
Reason requester_gone(std::string_view requester, std::string_view reason);

// --- the hold was not what it should have been ---
Reason hold_expired(Duration budget, RequesterKind kind);
Reason thaw_tampered(const FilesystemCounts& counts, std::string_view reason);
Reason thaw_unanswered();
Reason freezer_thaw_failed(std::string_view reason);
Reason released_unconfirmed(Duration margin);
Reason thaw_unfinished(Duration budget, Phase phase);
Reason driver_died(TransactionId id, bool answered);

// --- how it ended ---
Reason check_passed(Grade grade, std::size_t writers, const FilesystemCounts& counts);
// `hold_lost`: why a writer that had held does not count; empty: all do.
Reason consistent(const Record& record, std::size_t writers_held, Duration hold,
                  std::string_view hold_lost);
Reason nothing_open();
Reason everything_runs(TransactionId id);
Reason not_held_yet(TransactionId id, Phase phase);
Reason bound(TransactionId id, std::string_view owner);
Reason not_open(TransactionId id);
Reason ended_before(TransactionId id, std::string_view how);
Reason too_many_waiting();

}  // namespace vss::coordinator::sentences
