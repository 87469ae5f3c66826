#include "freezer/thawed_page.hpp"

#include <atomic>

namespace vss::freezer {
namespace {

std::atomic_ref<std::uint64_t> word(const platform::SharedMapping& mapping) {
  return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(mapping.data()));
}

}  // namespace

base::Result<ThawedPage> ThawedPage::open(const std::string& path) {
  auto file = platform::open_shared_file(path, kBytes, 0600);
  if (!file) return std::unexpected(file.error());
  auto reader = platform::open_for_reading(path);
  if (!reader) return std::unexpected(reader.error());
  auto page = map(std::move(file->fd));
  if (page) page->reader_ = std::move(*reader);
  return page;
}

base::Result<ThawedPage> ThawedPage::map(base::UniqueFd fd) {
  auto mapping = platform::map_shared(fd.get(), kBytes, /*writable=*/true);
  if (!mapping) return std::unexpected(mapping.error());
  return ThawedPage(std::move(fd), std::move(*mapping));
}

base::TransactionId ThawedPage::last() const {
  return {word(mapping_).load()};
}

void ThawedPage::publish(base::TransactionId transaction) {
  std::uint64_t seen = word(mapping_).load();
  while (seen < transaction.value &&
         !word(mapping_).compare_exchange_weak(seen, transaction.value)) {
  }
}

}  // namespace vss::freezer
