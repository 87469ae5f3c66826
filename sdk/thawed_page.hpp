// The page of shared memory in which the freezer, and after it the guardian, publish the generation
// they thawed last: how a writer that lost vssd learns that filesystems run again.
#pragma once

#include "base/identity.hpp"
#include "base/unique_fd.hpp"

namespace vss::sdk {

class ThawedPage {
 public:
  ThawedPage() = default;
  ThawedPage(const ThawedPage&) = delete;
  ThawedPage& operator=(const ThawedPage&) = delete;
  ~ThawedPage() { unmap(); }

  // Maps what the descriptor shows, in place of what was mapped before. A descriptor that shows no
  // such page changes nothing: then the deadline alone ends the waiting.
  void map(const base::UniqueFd& descriptor);

  // None while no page is known.
  base::TransactionId last_thawed() const;

 private:
  void unmap();
  void* page_ = nullptr;
};

}  // namespace vss::sdk
