// What hosts asked for lately, for the record: the requests around a transaction are its story too.
#pragma once

#include <vector>

#include "base/fixed_vector.hpp"
#include "records/record.hpp"
#include "requesters/host_link.hpp"

namespace vss::driver {

class HostStory {
 public:
  static constexpr std::size_t kExchangesMax = 32;

  // The oldest gives way. Freeze-safe.
  void add(const requesters::HostExchange& exchange);
  // All of one link since it was forgotten, with times relative to `began`. Allocates.
  std::vector<records::HostPart> told(std::string_view link, base::Instant began) const;
  void forget(std::string_view link);

 private:
  base::FixedVector<requesters::HostExchange, kExchangesMax> exchanges_;
};

}  // namespace vss::driver
