#include "driver/thawed_page.hpp"

#include <atomic>
#include <cstdint>

namespace vss::driver {

base::Status ThawedPage::map(int descriptor) {
  auto mapping = platform::map_shared(descriptor, sizeof(std::uint64_t), false);
  if (!mapping) return std::unexpected(mapping.error());
  mapping_ = std::move(*mapping);
  return {};
}

base::TransactionId ThawedPage::last_thawed() const {
  if (mapping_.data() == nullptr) return {};
  auto* word = reinterpret_cast<std::uint64_t*>(mapping_.data());
  return {std::atomic_ref<std::uint64_t>(*word).load(std::memory_order_acquire)};
}

}  // namespace vss::driver
