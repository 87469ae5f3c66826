// Opening in a disposable process, since it can hang on a dead device or server on the way there.
//
// One helper works through all filesystems in order and hands each descriptor over as soon as it
// has it. Whoever started it watches the time: what working_on() names did not answer. All of it
// ends before the first FIFREEZE. Not freeze-safe: forks, opens by path.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "platform/helper_process.hpp"

namespace vss::freezer {

// One superblock: any of its mounts that opens as a directory will do.
struct OpenItem {
  struct Candidate {
    std::string path;
    std::uint32_t mount_id = 0;
  };
  std::vector<Candidate> candidates;
  // Recovery only: when none opens, this device is mounted once more where nobody sees it.
  std::string device;
  std::string type;
};

struct OpenedItem {
  base::UniqueFd fd;
  bool answered = false;
  int open_error = 0;  // of the first candidate, when none opened
};

class OpenHelper {
 public:
  // Every file descriptor comes with the answer to its item.
  static base::Result<OpenHelper> start(std::vector<OpenItem> items);
  OpenHelper(OpenHelper&&) noexcept = default;
  OpenHelper& operator=(OpenHelper&&) noexcept = default;

  int descriptor() const { return process_.socket(); }
  void receive();  // never blocks
  // Every item was answered and the process has ended: nothing of it touches a filesystem any more.
  bool finished();
  // It ended too early, or talked nonsense.
  bool broken() const { return broken_; }
  std::size_t working_on() const { return answered_; }
  // Ends it; true once it is gone. One that hangs in the kernel stays until the kernel answers.
  bool stop();
  // When stop() could not: for who has more patience.
  platform::HelperProcess take_process() { return std::move(process_); }

  std::vector<OpenedItem>& results() { return results_; }

 private:
  OpenHelper(platform::HelperProcess process, std::size_t items)
      : process_(std::move(process)), results_(items) {}

  platform::HelperProcess process_;
  std::vector<OpenedItem> results_;
  std::size_t answered_ = 0;
  bool broken_ = false;
};

}  // namespace vss::freezer
