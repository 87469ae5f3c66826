// One transaction of the freezer: from PREPARE to the last thaw, as a state machine.
//
//   kIdle ─PREPARE▶ kOpening ─▶ kFlushing ─▶ kArming ─▶ kPrepared ─FREEZE▶ kPinging ─▶ kFreezing
//                       │           │           └──────────┴───────┬──────────┴─────────────┤
//                       │           │        THAW, ABORT, any failure, the hold deadline,   ▼
//                       │           │          vssd or the guardian lost, told to stop ◀─ kHeld
//                       │           │                              ▼
//     kIdle ◀───────────┴───────────┴──── kDisarming ◀───────── kThawing
//
// Before kOpening stands kClearing, where helpers of an earlier transaction are still in the
// kernel. Never blocks: opening and flushing are helpers', ioctls are the lanes', the guardian is
// asked by packets. Called on the main thread only. Nothing is frozen before the guardian is armed
// and awake; there is one way down, the thaw routine on every lane.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/identity.hpp"
#include "base/time.hpp"
#include "freezer/guardian_link.hpp"
#include "freezer/lanes.hpp"
#include "freezer/leftovers.hpp"
#include "freezer/open_helper.hpp"
#include "freezer/plan_source.hpp"
#include "freezer/pre_sync.hpp"
#include "freezer/slots.hpp"
#include "freezer/thawed_page.hpp"
#include "wire/filesystems.hpp"
#include "wire/participant.hpp"

namespace vss::freezer {

// Who is told. None of these may block or call back.
class TransactionListener {
 public:
  virtual ~TransactionListener() = default;
  virtual void reply(const wire::Reply& reply) = 0;  // exactly one per event, unless overtaken
  virtual void detail(const wire::MountDetail& detail) = 0;
  virtual void planned(std::shared_ptr<const Planning> planning, base::TransactionId id) = 0;
  virtual void status_changed() = 0;  // status() says something else now
};

class Transaction {
 public:
  struct Parts {
    SlotTable& slots;
    ThawedPage& page;
    PlanSource& plans;
    GuardianLink& guardian;
    platform::FreezeIoctls& ioctls;
    TransactionListener& listener;
    PreSync::Kernel flush{};
  };
  explicit Transaction(const Parts& parts) : parts_(parts) {}

  // Events of vssd; each is answered through the listener, perhaps later. The next one overtakes
  // one that is not answered yet.
  void check(const wire::Event& event, const wire::FilesystemRequest& request);
  void prepare(const wire::Event& event, const wire::FilesystemRequest& request);
  void freeze(const wire::Event& event);
  void thaw(const wire::Event& event);  // THAW and ABORT
  // The answer to `message_id` came too late for vssd: what it was about is undone.
  void late(std::uint64_t message_id);

  // Thaws whatever is open; nobody waits for an answer (vssd is gone, told to stop).
  void abandon(std::string_view why);

  void on_guardian(GuardianLink::News news);
  void on_helper();
  void on_lanes();
  void on_time(base::Instant now);
  base::Instant next_deadline(base::Instant now) const;
  int helper_descriptor() const {
    if (helper_) return helper_->descriptor();
    return pre_sync_ ? pre_sync_->descriptor() : -1;
  }
  int lanes_descriptor() const { return lanes_ ? lanes_->finished_event() : -1; }

  bool idle() const { return phase_ == Phase::kIdle; }
  wire::FreezerStatus status() const;

 private:
  enum class Phase {
    kIdle,
    kClearing,
    kOpening,
    kFlushing,
    kArming,
    kPrepared,
    kPinging,
    kFreezing,
    kHeld,
    kThawing,
    kDisarming
  };
  struct Pending {
    wire::Operation operation{};
    std::uint64_t message_id = 0;
    base::Instant reply_by = base::Instant::never();
  };
  // What was said of a slot, so that it is said once.
  struct Told {
    bool frozen = false, closed = false, stuck = false;
  };

  void begin(const wire::Event& event);
  void expect(const wire::Event& event);
  void answer(bool success, std::string_view reason);
  void answer_now(const wire::Event& event, std::string_view reason,
                  const wire::FilesystemSummary& counts);
  wire::Reason why_not(const plan::Plan& plan) const;
  void refuse_prepare(std::string_view reason);
  void clear();
  void open_filesystems();
  void opened();
  void flush();
  void go_on_flushing(base::Instant now);
  void flushed();
  void tell_flush();
  void arm();
  void fill_slots(std::size_t count);
  void armed();
  void start_layer(std::size_t layer);
  void look_at_layer();
  void all_frozen();
  void fail(std::string_view reason);
  void begin_thaw(std::string_view spoiled);
  void look_at_thaw();
  void all_closed();
  void end();
  void answer_thaw();
  void tell_slots(base::Instant now);
  base::Instant answer_by() const { return pending_ ? pending_->reply_by : base::Instant::never(); }
  bool helping() const {
    return phase_ == Phase::kClearing || phase_ == Phase::kOpening || phase_ == Phase::kFlushing;
  }
  void drop_helper(bool time_was_over = false);

  wire::FilesystemSummary summary() const;
  wire::Reason sentence_about(std::size_t slot, std::string_view what, int error = 0) const;
  wire::Reason not_answering() const;
  wire::Reason not_opening_or_flushing() const;
  wire::Reason still_helping() const;
  wire::Reason who_else_thawed() const;
  wire::Reason left_open() const;
  const plan::PlanEntry& entry_of(std::size_t slot) const;
  const plan::PlanEntry& opened_entry(std::size_t i) const;
  const plan::PlanEntry* helped_entry() const;

  Parts parts_;
  Phase phase_ = Phase::kIdle;
  base::TransactionId id_;  // the open one, or the last
  std::optional<Pending> pending_;
  std::uint64_t prepare_message_ = 0, freeze_message_ = 0;
  std::shared_ptr<const Planning> planning_;
  std::optional<OpenHelper> helper_;
  std::vector<base::UniqueFd> opened_;  // until armed: those to freeze, then those only synced
  std::optional<PreSync> pre_sync_;
  Leftovers leftovers_;
  std::unique_ptr<Lanes> lanes_;
  std::vector<Told> told_;
  std::size_t layer_ = 0;
  bool slots_are_ours_ = false;  // the slots' generation is id_
  bool plan_changed_ = false;
  base::Instant hold_deadline_ = base::Instant::never();
  base::Instant phase_deadline_ = base::Instant::never();
  wire::Reason spoiled_;  // why the hold did not last until THAW; or empty
};

}  // namespace vss::freezer
