#include "driver/thawed_page.hpp"

#include <atomic>
#include <cstdint>

namespace vss::driver {

bool ThawedPage::map(int descriptor) {
  auto mapping = platform::map_shared(descriptor, sizeof(std::uint64_t), false);
  if (!mapping) return false;
  mapping_ = std::move(*mapping);
  return true;
}

base::TransactionId ThawedPage::last_thawed() const {
  if (mapping_.data() == nullptr) return {};
  auto* word = reinterpret_cast<std::uint64_t*>(mapping_.data());
  return {std::atomic_ref<std::uint64_t>(*word).load(std::memory_order_acquire)};
}

}  // namespace vss::driver
