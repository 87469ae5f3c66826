// Which mount a path leads to, as the kernel would walk it - but over a table, opening nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "plan/mount_table.hpp"

namespace vss::plan {

// Paths are absolute. Symbolic links are not followed: paths that the kernel prints have none.
// Views the table, which must outlive it unchanged. Allocates when made.
class MountPointIndex {
 public:
  explicit MountPointIndex(const MountTable& table);

  // The mount that a lookup of `path` ends in; what lies hidden under another mount is not found.
  // Nothing when no mount of the table holds `path`.
  std::optional<std::size_t> mount_of_path(std::string_view path) const;

  // The same, but a mount point longer on the way wins even when it is hidden: a file that was
  // opened before the other mount came still lies there.
  std::optional<std::size_t> longest_mount_of_path(std::string_view path) const;

  // The visible mount whose mount point is `path` itself.
  std::optional<std::size_t> mount_at(std::string_view path) const;

 private:
  struct Place {
    std::uint32_t parent = 0;  // index + 1 of the parent mount; 0: it is not in the table
    std::string_view point;

    friend bool operator==(const Place&, const Place&) = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const noexcept {
      return std::hash<std::string_view>{}(place.point) ^ (place.parent * 0x9e3779b97f4a7c15U);
    }
  };

  const MountTable& table_;
  std::unordered_map<Place, std::uint32_t, PlaceHash> by_place_;
  std::unordered_map<std::string_view, std::uint32_t> last_at_;
};

}  // namespace vss::plan
