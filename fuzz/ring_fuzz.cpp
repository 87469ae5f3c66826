// Any header pages and any data as the two rings of a channel, changed between the guest's looks:
// nothing is read or written outside, every look ends, every question has at most one answer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "base/assert.hpp"
#include "requesters/vmbus/channel.hpp"

namespace {

using namespace vss;
using namespace vss::requesters;

constexpr std::size_t kHeaderBytes = 128;  // of a page only these are looked at
constexpr std::size_t kDataBytes = 1024;
constexpr int kLooks = 8;

// Takes bytes from the front; zeros when there are none left.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}
  void fill(std::span<std::byte> to) {
    const std::size_t take = std::min(to.size(), rest_.size());
    std::ranges::copy(std::as_bytes(rest_.first(take)), to.begin());
    rest_ = rest_.subspan(take);
  }
  std::uint8_t byte() {
    std::byte one{};
    fill({&one, 1});
    return static_cast<std::uint8_t>(one);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

class Owner final : public HostLinkOwner {
 public:
  void on_host_event(const coordinator::Event& event) override {
    std::visit(
        [&](const auto& asked) {
          if constexpr (requires { asked.tag; }) asked_.push_back(asked.tag);
        },
        event);
  }
  void on_exchange(const HostExchange& exchange) override { VSS_ASSERT(!exchange.request.empty()); }
  void on_traffic(TrafficEvent, std::span<const std::byte> bytes) override {
    VSS_ASSERT(bytes.size() >= 16 && bytes.size() % 8 == 0);
  }
  bool may_open_paths() const override { return true; }
  bool may_open_devices() const override { return true; }
  void log(base::LogSeverity, std::string_view) override {}
  void on_deadline_changed() override {}

  std::vector<std::uint32_t> take() { return std::exchange(asked_, {}); }

 private:
  std::vector<std::uint32_t> asked_;
};

struct Memory {
  std::vector<std::uint64_t> words =
      std::vector<std::uint64_t>((kHeaderBytes + kDataBytes) / sizeof(std::uint64_t));
  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span{words}); }
  vmbus::Ring ring() { return vmbus::Ring(bytes(), kHeaderBytes); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Memory sending;
  Memory receiving;
  input.fill(receiving.bytes().first(kHeaderBytes));
  input.fill(sending.bytes().first(kHeaderBytes));
  input.fill(receiving.bytes().subspan(kHeaderBytes));
  Owner owner;
  vmbus::Channel channel(sending.ring(), receiving.ring(), {{1}, "fuzz"}, owner, [] {});
  std::set<std::uint32_t> tags;
  for (int look = 0; look < kLooks; ++look) {
    const auto standing = channel.pump(base::Instant{1});
    VSS_ASSERT((standing == vmbus::Channel::Standing::kBroken) == !channel.broken_why().empty());
    for (const std::uint32_t tag : owner.take()) {
      VSS_ASSERT(tags.insert(tag).second);
      coordinator::Answer answer;
      answer.tag = tag;
      answer.success = (input.byte() & 1) != 0;
      channel.perform(answer);
    }
    if (standing == vmbus::Channel::Standing::kBroken) break;
    // The host writes on: words of both headers, or anywhere.
    const auto place = static_cast<std::size_t>(input.byte()) * 4 % kHeaderBytes;
    input.fill(receiving.bytes().subspan(place, 4));
    input.fill(sending.bytes().subspan(place, 4));
    input.fill(receiving.bytes().subspan(kHeaderBytes + place, 16));
  }
  channel.closed("the end");
  return 0;
}
