#include "driver/trace.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace vss::driver {
namespace {

using base::Instant;
using requesters::TrafficEvent;
using testing::HasSubstr;
using testing::Not;

constexpr Instant kBegan{1'000'000'000};

struct TraceTest : testing::Test {
  base::UniqueFd file{::memfd_create("trace", MFD_CLOEXEC)};
  Trace trace{base::UniqueFd{::dup(file.get())}, "vmbus", "2026-11-22T18:05:10Z", kBegan};

  std::string written() const {
    std::string text(std::size_t{4} << 20, '\0');
    const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }
};

constexpr std::string_view kFirstLine =
    R"({"format":"openvss-hyperv-trace","version":1,"door":"vmbus","by":"vssd",)"
    R"("began":"2026-11-22T18:05:10Z"})"
    "\n";

TEST_F(TraceTest, BeginsWithWhatItIs) {
  EXPECT_EQ(written(), kFirstLine);
}

TEST_F(TraceTest, OfTheKernelsDoorSaysWhatItLacks) {
  base::UniqueFd other{::memfd_create("trace", MFD_CLOEXEC)};
  const Trace hv_vss(base::UniqueFd{::dup(other.get())}, "hv_vss", "2026-11-22T18:05:10Z", kBegan);
  std::swap(file, other);
  EXPECT_THAT(written(), HasSubstr("\"note\":\"messages of 12 bytes only"));
  std::swap(file, other);
  EXPECT_THAT(written(), Not(HasSubstr("note")));
}

TEST_F(TraceTest, HasALineForEachMessage) {
  const std::array<std::byte, 3> bytes{std::byte{0x06}, std::byte{0xab}, std::byte{0}};
  trace.add(TrafficEvent::kOpened, {}, kBegan);
  trace.add(TrafficEvent::kFromHost, bytes, kBegan + base::milliseconds{2});
  trace.add(TrafficEvent::kFromGuest, bytes, kBegan + base::milliseconds{3});
  trace.add(TrafficEvent::kClosed, {}, kBegan + base::seconds{1});
  trace.flush();
  EXPECT_EQ(written(), std::string(kFirstLine) +
                           "{\"us\":0,\"event\":\"open\"}\n"
                           "{\"us\":2000,\"from\":\"host\",\"bytes\":\"06ab00\"}\n"
                           "{\"us\":3000,\"from\":\"guest\",\"bytes\":\"06ab00\"}\n"
                           "{\"us\":1000000,\"event\":\"closed\"}\n");
}

// While anything is held nothing reaches the file.
TEST_F(TraceTest, WritesNothingBeforeItIsFlushed) {
  trace.add(TrafficEvent::kOpened, {}, kBegan);
  EXPECT_EQ(written(), kFirstLine);
}

TEST_F(TraceTest, FullDiskLeavesWholeLines) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  trace.add(TrafficEvent::kOpened, {}, kBegan);
  trace.flush();
  const std::string whole = written();
  const rlimit full{.rlim_cur = whole.size() + 10, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  trace.add(TrafficEvent::kClosed, {}, kBegan);
  trace.add(TrafficEvent::kOpened, {}, kBegan);
  trace.flush();
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(written(), whole);
  trace.add(TrafficEvent::kClosed, {}, kBegan);
  trace.flush();
  EXPECT_EQ(written(), whole + "{\"us\":0,\"lost\":2}\n{\"us\":0,\"event\":\"closed\"}\n");
}

TEST_F(TraceTest, WhatDoesNotFitIsCountedAndSaid) {
  const std::vector<std::byte> freeze(6304);
  for (int i = 0; i < 200; ++i)
    trace.add(TrafficEvent::kFromHost, freeze, kBegan);
  trace.flush();
  EXPECT_THAT(written(), Not(HasSubstr("lost")));
  trace.add(TrafficEvent::kClosed, {}, kBegan);
  trace.flush();
  EXPECT_THAT(written(), HasSubstr("{\"us\":0,\"lost\":118}\n{\"us\":0,\"event\":\"closed\"}\n"));
}

}  // namespace
}  // namespace vss::driver
