// Who is connected: the table of participants.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "coordinator/types.hpp"

namespace vss::coordinator {

inline constexpr std::uint32_t kNoEntry = 0xffffffff;

// One connected participant, and its part in the open transaction.
struct Participant {
  // From joining to leaving.
  ParticipantId id;  // use 0: this place is free
  Name name;
  int level = base::kLevelDefault;
  Criticality criticality = Criticality::kRequired;
  bool plain = false;
  bool freezer = false;
  Duration timeout{0};
  std::uint32_t rule = kNoEntry;  // index of its WriterRule in the policy

  // The one question it was asked and has not answered; message_id 0: none. A THAW or ABORT stays
  // asked even when nobody waits for its answer any more.
  std::uint64_t message_id = 0;
  Operation asked{};
  Instant asked_at, deadline;
  bool awaited = false;  // the level, or for the freezer the phase, waits for the answer

  // Of the open transaction; cleared when it ends.
  struct Part {
    bool takes_part = false;
    bool saw = false;       // was told PREPARE or FREEZE: must see THAW or ABORT
    bool ready = false;     // answered PREPARE
    bool held = false;      // answered FREEZE
    bool dropped = false;   // optional, and left out after a failure
    bool given_up = false;  // did not answer in time: told, but never waited for again
    bool released = false;  // was told THAW or ABORT
    // The questions whose yes was accepted. A repetition of it is no reason to roll back.
    std::uint64_t ready_message = 0, held_message = 0;
    std::uint32_t entry = kNoEntry;  // in the record's list of writers
  } part;

  // The answer has been counted already.
  bool repeats(std::uint64_t answered) const {
    return answered != 0 && (answered == part.ready_message || answered == part.held_message);
  }
  void remember_yes() {
    if (asked == Operation::kPrepare) part.ready_message = message_id;
    if (asked == Operation::kFreeze) part.held_message = message_id;
  }
  bool used() const { return id.use != 0; }
  bool required() const { return criticality == Criticality::kRequired; }
};

// Memory is taken at construction. References stay valid as long as the registry lives; a place is
// used again after remove(), with another `use`.
class Registry {
 public:
  explicit Registry(std::size_t writers_max);

  // Null when the limit is reached, or when there is a freezer already.
  Participant* add_writer();
  Participant* add_freezer();
  void remove(Participant& participant);

  // Null when that connection is gone.
  Participant* find(ParticipantId id);
  Participant* freezer();
  Participant& at(std::uint32_t index) { return places_[index]; }

  // Every place that was ever used, free ones among them: a walk costs what is connected, not what
  // could be. The freezer is not among them.
  std::span<Participant> writer_places() { return {places_.data(), high_water_}; }
  std::span<const Participant> writer_places() const { return {places_.data(), high_water_}; }
  const Participant& freezer_place() const { return places_.back(); }
  std::size_t writers() const { return writers_; }
  std::size_t writers_max() const { return places_.size() - 1; }

 private:
  Participant* take(std::uint32_t index);

  std::vector<Participant> places_;  // the last one is the freezer's
  std::vector<std::uint32_t> free_;  // lowest index last
  std::vector<std::uint32_t> uses_;  // how often each place was used
  std::size_t high_water_ = 0;
  std::size_t writers_ = 0;
};

}  // namespace vss::coordinator
