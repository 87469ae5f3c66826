// Tarjan's strongly connected components, without recursion: a chain may be as long as the table.
#include "plan/rings.hpp"

#include <algorithm>

namespace vss::plan {
namespace {

class Grouping {
 public:
  explicit Grouping(std::span<const Superblock> superblocks)
      : superblocks_(superblocks),
        reached_(superblocks.size()),
        earliest_(superblocks.size()),
        open_(superblocks.size()) {}

  Groups run() && {
    for (std::size_t i = 0; i < superblocks_.size(); ++i) {
      if (reached_[i] == 0) descend(i);
    }
    return std::move(groups_);
  }

 private:
  struct Step {
    std::size_t at = 0;
    std::size_t next = 0;  // of what it lies on
  };

  void descend(std::size_t from) {
    enter(from);
    while (!way_.empty()) {
      const std::size_t at = way_.back().at;
      const auto& below = superblocks_[at].lies_on;
      if (way_.back().next < below.size()) {
        look_at(at, below[way_.back().next++]);
      } else {
        way_.pop_back();
        leave(at);
      }
    }
  }

  void enter(std::size_t at) {
    earliest_[at] = reached_[at] = ++count_;
    open_[at] = true;
    waiting_.push_back(at);
    way_.push_back({at});
  }

  void look_at(std::size_t from, std::size_t below) {
    if (reached_[below] == 0) {
      enter(below);
    } else if (open_[below]) {
      earliest_[from] = std::min(earliest_[from], reached_[below]);
    }
  }

  void leave(std::size_t at) {
    if (!way_.empty()) {
      std::size_t& above = earliest_[way_.back().at];
      above = std::min(above, earliest_[at]);
    }
    if (earliest_[at] != reached_[at]) return;
    const auto first = std::ranges::find(waiting_.rbegin(), waiting_.rend(), at).base() - 1;
    for (auto member = first; member != waiting_.end(); ++member)
      open_[*member] = false;
    groups_.members.insert(groups_.members.end(), first, waiting_.end());
    groups_.ends.push_back(groups_.members.size());
    waiting_.erase(first, waiting_.end());
  }

  std::span<const Superblock> superblocks_;
  std::vector<std::size_t> reached_;   // when, from 1; 0: not yet
  std::vector<std::size_t> earliest_;  // of those that can be reached again from here
  std::vector<bool> open_;             // in `waiting_`
  std::vector<std::size_t> waiting_;   // reached, group not known yet
  std::vector<Step> way_;
  std::size_t count_ = 0;
  Groups groups_;
};

}  // namespace

Groups groups_bottom_up(std::span<const Superblock> superblocks) {
  return Grouping(superblocks).run();
}

}  // namespace vss::plan
