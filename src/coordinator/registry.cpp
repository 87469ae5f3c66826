#include "coordinator/registry.hpp"

#include <algorithm>

namespace vss::coordinator {

Registry::Registry(std::size_t writers_max) : places_(writers_max + 1), uses_(writers_max + 1) {
  free_.reserve(writers_max);
  for (std::size_t i = writers_max; i > 0; --i)
    free_.push_back(static_cast<std::uint32_t>(i - 1));
}

Participant* Registry::take(std::uint32_t index) {
  Participant& place = places_[index];
  place = Participant{};
  // 0 means nobody: a place that was used 2^32 times starts again at 1.
  if (++uses_[index] == 0) uses_[index] = 1;
  place.id = {.index = index, .use = uses_[index]};
  return &place;
}

Participant* Registry::add_writer() {
  if (free_.empty()) return nullptr;
  const std::uint32_t index = free_.back();
  free_.pop_back();
  high_water_ = std::max(high_water_, std::size_t{index} + 1);
  ++writers_;
  return take(index);
}

Participant* Registry::add_freezer() {
  if (places_.back().used()) return nullptr;
  Participant* freezer = take(static_cast<std::uint32_t>(places_.size() - 1));
  freezer->freezer = true;
  return freezer;
}

void Registry::remove(Participant& participant) {
  const std::uint32_t index = participant.id.index;
  if (!participant.freezer) {
    free_.push_back(index);
    --writers_;
  }
  participant = Participant{};
}

Participant* Registry::find(ParticipantId id) {
  if (id.use == 0 || id.index >= places_.size()) return nullptr;
  Participant& place = places_[id.index];
  return place.id == id ? &place : nullptr;
}

Participant* Registry::freezer() {
  return places_.back().used() ? &places_.back() : nullptr;
}

}  // namespace vss::coordinator
