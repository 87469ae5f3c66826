#include "text/mount_tree.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/table.hpp"

namespace vss::text {
namespace {

constexpr std::size_t kFoldFrom = 3;  // fewer are shorter unfolded

struct Branch {
  std::string_view fork, last, pass, none;
};
constexpr Branch kAsciiBranch{"|-", "`-", "| ", "  "};
constexpr Branch kBoxBranch{"├─", "└─", "│ ", "  "};

// The root of another mount namespace has a slash at its end.
std::string_view place_of(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || path.size() <= 1) return {};
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

class Tree {
 public:
  Tree(std::span<const MountLine> lines, Strokes strokes, Folding folding)
      : lines_(lines),
        branch_(strokes == Strokes::kBoxes ? kBoxBranch : kAsciiBranch),
        folding_(folding),
        children_(lines.size()),
        all_quiet_(lines.size()) {
    std::unordered_map<std::string_view, std::size_t> by_path;
    for (std::size_t i = 0; i < lines.size(); ++i)
      by_path.try_emplace(place_of(lines[i].mount_point), i);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto above = find_above(by_path, lines[i].mount_point);
      (above ? children_[*above] : top_).push_back(i);
    }
    for (const std::size_t i : top_)
      find_quiet(i);
  }

  std::string text() && {
    add_all(top_, "", true);
    return table_.text();
  }

 private:
  // Mounts on one place are drawn beside each other.
  static const std::size_t* find_above(
      const std::unordered_map<std::string_view, std::size_t>& by_path, std::string_view path) {
    for (path = parent_of(place_of(path)); !path.empty(); path = parent_of(path)) {
      const auto found = by_path.find(path);
      if (found != by_path.end()) return &found->second;
    }
    return nullptr;
  }

  // Itself and all below it.
  bool find_quiet(std::size_t index) {
    bool quiet = lines_[index].quiet && folding_ == Folding::kAlike;
    for (const std::size_t child : children_[index])
      quiet = find_quiet(child) && quiet;
    all_quiet_[index] = quiet;
    return quiet;
  }

  void collect(std::size_t index, std::vector<std::size_t>& into) const {
    into.push_back(index);
    for (const std::size_t child : children_[index])
      collect(child, into);
  }

  // What stands below one mount: a mount with its own tree, or several in one line.
  using Item = std::vector<std::size_t>;

  std::vector<Item> items_of(const std::vector<std::size_t>& children) const {
    std::vector<Item> items;
    std::vector<std::size_t> quiet;
    for (const std::size_t child : children) {
      if (all_quiet_[child]) {
        collect(child, quiet);
      } else {
        items.push_back({child});
      }
    }
    std::vector<Item> folded;
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> place;
    for (const std::size_t index : quiet) {
      const auto key = std::pair(lines_[index].action, lines_[index].reason);
      const auto [at, is_new] = place.try_emplace(key, folded.size());
      if (is_new) folded.emplace_back();
      folded[at->second].push_back(index);
    }
    for (Item& alike : folded) {
      if (alike.size() >= kFoldFrom) {
        items.push_back(std::move(alike));
      } else {
        for (const std::size_t index : alike)
          items.push_back({index});
      }
    }
    return items;
  }

  void add_all(const std::vector<std::size_t>& children, const std::string& indent, bool top) {
    const std::vector<Item> items = items_of(children);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool last = i + 1 == items.size();
      const std::string_view joint = top ? "" : last ? branch_.last : branch_.fork;
      const std::string_view below = top ? "" : last ? branch_.none : branch_.pass;
      const MountLine& line = lines_[items[i].front()];
      if (items[i].size() > 1) {
        add(line, indent + std::string(joint) + std::to_string(items[i].size()) + " mounts", true);
        continue;
      }
      add(line, indent + std::string(joint) + std::string(line.mount_point), false);
      // What was collected for folding has its children beside it.
      if (all_quiet_[items[i].front()]) continue;
      add_all(children_[items[i].front()], indent + std::string(below), false);
    }
  }

  void add(const MountLine& line, std::string place, bool several) {
    table_.row({line.layer < 0 ? "-" : std::to_string(line.layer), std::string(line.action),
                std::move(place), several ? "" : std::string(line.type), several ? "" : line.device,
                std::string(line.reason)});
  }

  std::span<const MountLine> lines_;
  Branch branch_;
  Folding folding_;
  std::vector<std::vector<std::size_t>> children_;
  std::vector<bool> all_quiet_;
  std::vector<std::size_t> top_;
  Table table_{{"LAYER", "ACTION", "MOUNT POINT", "TYPE", "DEVICE", "REASON"}};
};

std::string order_text(std::span<const MountLine> lines) {
  std::map<int, std::string> layers;
  for (const MountLine& line : lines) {
    if (line.layer < 0) continue;
    std::string& names = layers[line.layer];
    names.append(names.empty() ? "" : ", ").append(clean(line.mount_point));
  }
  if (layers.empty()) return "Nothing is frozen.\n";
  std::string all = "Freezes layer by layer, thaws in the reverse:\n";
  for (const auto& [layer, names] : layers)
    all.append("  ").append(std::to_string(layer)).append("  ").append(names).append("\n");
  return all;
}

}  // namespace

std::string mount_tree(std::span<const MountLine> lines, Strokes strokes, Folding folding) {
  return Tree(lines, strokes, folding).text() + order_text(lines);
}

}  // namespace vss::text
