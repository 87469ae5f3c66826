#include "driver/host_story.hpp"

namespace vss::driver {

void HostStory::add(const requesters::HostExchange& exchange) {
  if (exchanges_.full()) {
    for (std::size_t i = 0; i + 1 < exchanges_.size(); ++i)
      exchanges_[i] = exchanges_[i + 1];
    exchanges_[exchanges_.size() - 1] = exchange;
  } else {
    exchanges_.push_back(exchange);
  }
}

std::vector<records::HostPart> HostStory::told(std::string_view link, base::Instant began) const {
  std::vector<records::HostPart> parts;
  for (const requesters::HostExchange& exchange : exchanges_) {
    if (exchange.link != link) continue;
    parts.push_back({.request = std::string(exchange.request),
                     .began = exchange.asked - began,
                     .length = exchange.answered - exchange.asked,
                     .success = exchange.success});
  }
  return parts;
}

void HostStory::forget(std::string_view link) {
  base::FixedVector<requesters::HostExchange, kExchangesMax> kept;
  for (const requesters::HostExchange& exchange : exchanges_) {
    if (exchange.link != link) kept.push_back(exchange);
  }
  exchanges_ = kept;
}

}  // namespace vss::driver
