// What one step of the coordinator asks for, in order.
#pragma once

#include <cstdint>
#include <iterator>
#include <variant>

#include "base/fixed_vector.hpp"
#include "coordinator/actions.hpp"

namespace vss::coordinator {

// There may be three actions for each participant in a step, and hardly any other. So those are
// kept in a fifth of an Action's room; the few that carry a sentence lie beside them. Memory is
// taken at construction.
class ActionList {
 public:
  // `limit`: of all actions. `wide_limit`: of those that are not for an accepted participant.
  ActionList(std::size_t limit, std::size_t wide_limit);

  bool push_back(const Action& action);  // false: beyond a limit
  void clear();
  std::size_t size() const { return narrow_.size(); }
  bool empty() const { return narrow_.empty(); }
  Action operator[](std::size_t i) const;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Action;
    using difference_type = std::ptrdiff_t;
    using pointer = const Action*;
    using reference = Action;

    Iterator() = default;
    Iterator(const ActionList& list, std::size_t at) : list_(&list), at_(at) {}
    Action operator*() const { return (*list_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return {*list_, at_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const ActionList* list_ = nullptr;
    std::size_t at_ = 0;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  struct Wide {
    std::uint32_t index = 0;  // in wide_
  };
  using Narrow = std::variant<Tell, Withdraw, TellLate, GrantTime, AcceptParticipant, Wide>;

  base::PreallocatedVector<Narrow> narrow_;
  base::PreallocatedVector<Action> wide_;
};

}  // namespace vss::coordinator
