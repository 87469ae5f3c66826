// A freezer that says yes to everything at once, of one filesystem, on a thread of its own.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "peers.hpp"

namespace vss::conformance {

class WillingFreezer {
 public:
  explicit WillingFreezer(const std::string& socket) : peer_(socket) {
    page_.reset(::memfd_create("thawed", MFD_CLOEXEC));
    EXPECT_EQ(::ftruncate(page_.get(), 4096), 0);
    wire::Registration registration;
    registration.role = wire::Role::kFreezer;
    registration.name = "freezer";
    registration.freezer_status.emplace();
    registration.freezer_status->clean = true;
    registration.freezer_status->guardian_alive = true;
    EXPECT_EQ(peer_.register_as(registration, &page_).status, wire::kStatusSuccess);
    thread_ = std::thread([this] { serve(); });
  }
  ~WillingFreezer() {
    stop_ = true;
    thread_.join();
  }

 private:
  void serve() {
    while (!stop_) {
      const auto event = peer_.next_event(milliseconds{20});
      if (!event) continue;
      wire::FilesystemSummary summary;
      summary.to_freeze = 1;
      summary.frozen = event->operation == wire::Operation::kFreeze ? 1 : 0;
      peer_.answer(*event, wire::kStatusSuccess, summary);
    }
  }

  RegisteredPeer peer_;
  base::UniqueFd page_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace vss::conformance
