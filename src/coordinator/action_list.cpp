#include "coordinator/action_list.hpp"

#include <type_traits>

namespace vss::coordinator {
namespace {

template <typename What, typename... Kinds>
constexpr bool is_kind_of(const std::variant<Kinds...>*) {
  return (std::is_same_v<What, Kinds> || ...);
}

}  // namespace

ActionList::ActionList(std::size_t limit, std::size_t wide_limit)
    : narrow_(limit), wide_(wide_limit) {}

bool ActionList::push_back(const Action& action) {
  return std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (is_kind_of<What>(static_cast<const Narrow*>(nullptr))) {
          return narrow_.push_back(what);
        } else {
          const Wide place{static_cast<std::uint32_t>(wide_.size())};
          return wide_.push_back(action) && narrow_.push_back(place);
        }
      },
      action);
}

void ActionList::clear() {
  narrow_.clear();
  wide_.clear();
}

Action ActionList::operator[](std::size_t i) const {
  return std::visit(
      [this](const auto& what) -> Action {
        if constexpr (std::is_same_v<std::decay_t<decltype(what)>, Wide>) {
          return wide_[what.index];
        } else {
          return what;
        }
      },
      narrow_[i]);
}

}  // namespace vss::coordinator
