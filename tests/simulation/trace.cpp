#include "simulation/trace.hpp"

namespace vss::simulation {

void Trace::add(std::string_view line) {
  ++lines_;
  for (const char byte : line) {
    hash_ = chain_hash(hash_, static_cast<unsigned char>(byte));
  }
  hash_ = chain_hash(hash_, '\n');
  if (keep_) {
    text_.append(line);
    text_.push_back('\n');
  }
}

}  // namespace vss::simulation
