// Where the plan comes from: one mount namespace's table, what /sys says about its devices, what is
// asked, and the freezer's own limits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "freezer/block_lookup.hpp"
#include "freezer/loop_files.hpp"
#include "freezer/other_namespaces.hpp"
#include "freezer/spared.hpp"
#include "plan/block_stack.hpp"
#include "plan/mount_table.hpp"
#include "plan/plan.hpp"
#include "platform/mount_table.hpp"
#include "wire/filesystems.hpp"

namespace vss::freezer {

enum class TableOf { kSelf, kProcess1 };

// The freezer's own limits, from its command line. No request widens them.
struct PlanLimits {
  std::vector<std::string> only;
  bool allow_root = false;
  std::string runtime_directory;
};

// A plan with everything it was made from. Stays where it is: the plan views the rest.
struct Planning {
  wire::FilesystemRequest request;
  plan::MountTable table;
  plan::BlockStack blocks;
  std::vector<plan::Forbidden> forbidden;
  plan::Plan plan;
  std::string passed_over;  // a sentence about what nobody looked at; or empty

  Planning() = default;
  Planning(const Planning&) = delete;
  Planning& operator=(const Planning&) = delete;
};

class PlanSource {
 public:
  // Where everything is read; tests bring a tree of their own.
  struct Places {
    std::string mount_table;
    std::string root;  // where the table's mount points are opened: "" or "/proc/1/root"
    BlockPlaces blocks;
    // Of another machine, in this directory: nothing of this one is looked at.
    std::optional<std::string> recording = std::nullopt;
    bool all_namespaces = false;  // also what is mounted in other mount namespaces only
  };
  static Places places_of(TableOf table);
  // `mountinfo`, `sys`, `by-label` and `dev` in a directory, as tools/record_plan.sh leaves them.
  static Places recorded_in(const std::string& directory);

  // Opens the table. Not freeze-safe.
  static base::Result<PlanSource> open(Places places, PlanLimits limits);

  // Plans now. Opens nothing but /proc and /sys, so no dead device can stall it; asks no server.
  // What may, about loop devices, a helper asks, for a moment. Fails for what is wrong with the
  // request (a path that is no mount root); a veto is no failure: it stands in the plan. Not
  // freeze-safe by the letter (opens by path), but touches no disk.
  base::Result<std::unique_ptr<Planning>> make(const wire::FilesystemRequest& request);

  // Plans again from the table of this moment, with the devices that `before` knew: a sentence when
  // other filesystems would be frozen. Of other mount namespaces it looks at those that the last
  // make() opened, none after close_other_namespaces(); one that came to be since is not seen.
  // Freeze-safe after one call has warmed the heap.
  std::optional<plan::Reason> changed_since(const Planning& before);

  // When no transaction is open: an open table keeps another mount namespace's mounts alive.
  void close_other_namespaces() { others_.close(); }

  const std::string& root() const { return places_.root; }
  const PlanLimits& limits() const { return limits_; }
  Spared& spared() { return spared_; }

 private:
  PlanSource(platform::MountTableFile file, Places places, PlanLimits limits)
      : file_(std::move(file)), places_(std::move(places)), limits_(std::move(limits)) {}

  platform::MountTableFile file_;
  OtherNamespaces others_;
  Places places_;
  PlanLimits limits_;
  LoopFiles loop_files_;
  Spared spared_;
  plan::MountTable again_table_;
  plan::Plan again_;
};

// This process sees the mounts that process 1 sees. Reads /proc.
bool shares_namespace_with_process_1();

}  // namespace vss::freezer
