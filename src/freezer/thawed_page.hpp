// The thawed mark: one shared page whose first eight bytes are the transaction last thawed.
//
// The freezer publishes it, the guardian after it, recovery where both are gone. The freezer hands
// a read-only descriptor of it to vssd, which passes it on to writers: also one in a container sees
// there, without asking anybody, that filesystems run again.
#pragma once

#include <string>

#include "base/identity.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/shared_file.hpp"

namespace vss::freezer {

class ThawedPage {
 public:
  static constexpr std::size_t kBytes = 4096;

  // Opens `path`, making it where it is missing. While setting up only.
  static base::Result<ThawedPage> open(const std::string& path);
  // Maps a descriptor received from the freezer (guardian).
  static base::Result<ThawedPage> map(base::UniqueFd fd);

  int descriptor() const { return fd_.get(); }
  int reader_descriptor() const { return reader_.get(); }  // -1 unless made by open()

  base::TransactionId last() const;
  // Everything that `transaction` had frozen is thawed. Never goes back. Freeze-safe.
  void publish(base::TransactionId transaction);

 private:
  ThawedPage(base::UniqueFd fd, platform::SharedMapping mapping)
      : fd_(std::move(fd)), mapping_(std::move(mapping)) {}

  base::UniqueFd fd_;
  base::UniqueFd reader_;
  platform::SharedMapping mapping_;
};

}  // namespace vss::freezer
