// A host that shares memory, as its socket shows it: listens, says a hello, right or wrong.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>

#include "platform/shared_file.hpp"
#include "platform/signal_descriptor.hpp"
#include "platform/socket.hpp"
#include "requesters/vmbus/hello.hpp"
#include "requesters/vmbus/host_for_test.hpp"
#include "wire/hyperv/little_endian.hpp"

namespace vss::requesters::vmbus {

inline constexpr std::size_t kRingBytes = 16'384;

// A host's hello and what it carries; wrong where a test says so.
struct HelloForTest {
  std::uint32_t magic = kHelloMagic, version = kHelloVersion, ring_bytes = kRingBytes, last = 0;
  std::size_t bytes = kHelloBytes;
  unsigned memory_flags = MFD_ALLOW_SEALING | MFD_CLOEXEC;
  int seals = F_SEAL_SHRINK;
  off_t memory_bytes = 2 * kRingBytes;
  std::size_t descriptors = kHelloDescriptors;
  bool pipes = false;  // in place of the eventfds
  int eventfd_flags = EFD_CLOEXEC;
};

class HostSocket {
 public:
  explicit HostSocket(std::string path) : path_(std::move(path)) { listen(); }
  ~HostSocket() { ::unlink(path_.c_str()); }

  void listen() { listener_ = *platform::listen_at(path_, 0600); }
  void stop_listening() { listener_.reset(); }
  bool accept() {
    auto connection = platform::accept_one(listener_.get());
    if (connection) connection_ = std::move(*connection);
    written_ = read_ = 0;
    return connection.has_value();
  }

  void say_hello(const HelloForTest& hello = {}) {
    memory_.reset(::memfd_create("vss-test", hello.memory_flags));
    ASSERT_EQ(::ftruncate(memory_.get(), hello.memory_bytes), 0);
    if (hello.seals != 0) ::fcntl(memory_.get(), F_ADD_SEALS, hello.seals);
    to_host_.reset(::eventfd(0, hello.eventfd_flags));
    to_guest_.reset(hello.pipes ? ::dup(connection_.get()) : ::eventfd(0, hello.eventfd_flags));
    std::array<std::byte, 32> bytes{};
    using wire::hyperv::put;
    put(std::span<std::byte>{bytes}, 0, hello.magic);
    put(std::span<std::byte>{bytes}, 4, hello.version);
    put(std::span<std::byte>{bytes}, 8, hello.ring_bytes);
    put(std::span<std::byte>{bytes}, 12, hello.last);
    const std::array<int, 3> descriptors{memory_.get(), to_host_.get(), to_guest_.get()};
    platform::send_packet(connection_.get(), std::span{bytes}.first(hello.bytes),
                          std::span{descriptors}.first(hello.descriptors));
    if (hello.memory_bytes >= static_cast<off_t>(2 * kRingBytes)) {
      auto mapped = platform::map_shared(memory_.get(), 2 * kRingBytes, true);
      if (mapped) mapping_ = std::move(*mapped);
    }
  }

  Ring to_guest() { return Ring({mapping_.data() + kRingBytes, kRingBytes}, kRingHeaderBytes); }
  Ring from_guest() { return Ring({mapping_.data(), kRingBytes}, kRingHeaderBytes); }
  // Publishes one packet, trailer included, and signals.
  void write(const Bytes& packet) {
    Ring ring = to_guest();
    ring.copy_in(written_, packet);
    written_ = ring.advanced(written_, packet.size());
    ring.store(Ring::Word::kWriteIndex, written_);
    platform::give_signal(to_guest_.get());
  }
  bool answered() { return from_guest().load(Ring::Word::kWriteIndex) != read_; }
  // The next answer; only where there is one.
  Bytes read() {
    Ring ring = from_guest();
    Bytes packet(16);
    ring.copy_out(read_, packet);
    packet.resize(wire::hyperv::decode_descriptor(std::span{packet}.first<16>()).length + 8);
    ring.copy_out(read_, packet);
    read_ = ring.advanced(read_, packet.size());
    ring.store(Ring::Word::kReadIndex, read_);
    return packet;
  }
  void signal(std::uint64_t count) {
    EXPECT_EQ(::write(to_guest_.get(), &count, sizeof count), ssize_t{sizeof count});
  }
  // A write of the guest would wait for ever, and a read too.
  void make_signals_block() {
    const std::uint64_t full = 0xffff'ffff'ffff'fffe;
    EXPECT_EQ(::write(to_host_.get(), &full, sizeof full), ssize_t{sizeof full});
    EXPECT_EQ(::fcntl(to_host_.get(), F_SETFL, 0), 0);
    EXPECT_EQ(::fcntl(to_guest_.get(), F_SETFL, 0), 0);
  }
  std::uint64_t signals() {
    std::uint64_t count = 0;
    return ::read(to_host_.get(), &count, sizeof count) == sizeof count ? count : 0;
  }
  void vanish() { connection_.reset(); }
  void say_more() {
    const std::array<std::byte, 4> bytes{};
    platform::send_packet(connection_.get(), bytes);
  }
  // True: the guest closed its end.
  bool guest_gone() {
    std::array<std::byte, 16> buffer{};
    platform::ReceivedPacket packet;
    const auto outcome = platform::receive_packet(connection_.get(), buffer, packet);
    return outcome == platform::IoOutcome::kClosed ||
           (outcome == platform::IoOutcome::kDone && packet.bytes.empty());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  base::UniqueFd listener_, connection_, memory_, to_host_, to_guest_;
  platform::SharedMapping mapping_;
  std::uint32_t written_ = 0, read_ = 0;
};

}  // namespace vss::requesters::vmbus
