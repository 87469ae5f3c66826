#include "thawed_page.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>

namespace vss::sdk {
namespace {

constexpr std::size_t kBytes = sizeof(std::uint64_t);  // mapped in whole pages

}  // namespace

void ThawedPage::map(const base::UniqueFd& descriptor) {
  struct stat status{};
  // A file shorter than what is read from it would raise SIGBUS.
  const bool long_enough = ::fstat(descriptor.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                           status.st_size >= off_t{kBytes};
  if (!long_enough) return;
  void* page = ::mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, descriptor.get(), 0);
  if (page == MAP_FAILED) return;
  unmap();
  page_ = page;
}

base::TransactionId ThawedPage::last_thawed() const {
  if (page_ == nullptr) return {};
  const auto* word = static_cast<const std::uint64_t*>(page_);
  return {__atomic_load_n(word, __ATOMIC_ACQUIRE)};
}

void ThawedPage::unmap() {
  if (page_ != nullptr) ::munmap(page_, kBytes);
  page_ = nullptr;
}

}  // namespace vss::sdk
