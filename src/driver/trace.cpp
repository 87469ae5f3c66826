#include "driver/trace.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace vss::driver {

using requesters::TrafficEvent;

namespace {

// Room that is always kept for the line that tells of lost ones.
constexpr std::size_t kLostLineBytes = 80;
constexpr std::size_t kLineFrameBytes = 80;

std::string_view opening_of(TrafficEvent what) {
  switch (what) {
    case TrafficEvent::kFromHost: return R"("from":"host","bytes":")";
    case TrafficEvent::kFromGuest: return R"("from":"guest","bytes":")";
    case TrafficEvent::kOpened: return R"("event":"open)";
    case TrafficEvent::kClosed: return R"("event":"closed)";
  }
  return "";
}

}  // namespace

Trace::Trace(base::UniqueFd file, std::string_view door, std::string_view began_utc,
             base::Instant began)
    : file_(std::move(file)), began_(began) {
  waiting_.resize(kWaitingBytesMax);  // touched now, so that it is resident
  waiting_.clear();
  line(R"({"format":"openvss-hyperv-trace","version":1,"door":")");
  line(door);
  line(R"(","by":"vssd","began":")");
  line(began_utc);
  // Whoever gets the file looks for the host's packets.
  if (door == "hv_vss") {
    line(R"(","note":"messages of 12 bytes only: the kernel keeps the host's packets to itself)");
  }
  line("\"}\n");
  flush();
}

void Trace::line(std::string_view text) {
  waiting_.insert(waiting_.end(), text.begin(), text.end());
}

void Trace::begin_line(base::Instant at) {
  std::array<char, 24> digits{};
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(at - began_).count();
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), us).ptr;
  line(R"({"us":)");
  line({digits.data(), end});
  line(",");
}

void Trace::add(TrafficEvent what, std::span<const std::byte> bytes, base::Instant at) {
  const std::size_t needed = 2 * bytes.size() + kLineFrameBytes + kLostLineBytes;
  if (waiting_.size() + needed > kWaitingBytesMax) {
    ++lost_;
    return;
  }
  if (lost_ > 0) {
    std::array<char, 24> digits{};
    const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), lost_).ptr;
    begin_line(at);
    line(R"("lost":)");
    line({digits.data(), end});
    line("}\n");
    lost_ = 0;
  }
  begin_line(at);
  line(opening_of(what));
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::byte byte : bytes) {
    const auto value = static_cast<unsigned>(byte);
    waiting_.push_back(kDigits[value >> 4]);
    waiting_.push_back(kDigits[value & 15]);
  }
  line("\"}\n");
}

void Trace::flush() {
  std::string_view rest(waiting_.data(), waiting_.size());
  const bool room = file_bytes_ + rest.size() <= kFileBytesMax;
  while (room && !rest.empty()) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (rest.empty()) {
    file_bytes_ += waiting_.size();
  } else {
    // A file of whole lines only: what came with the one that was cut short is lost too.
    lost_ += static_cast<std::uint64_t>(std::ranges::count(waiting_, '\n'));
    const auto whole = static_cast<off_t>(file_bytes_);
    if (::ftruncate(file_.get(), whole) == 0) ::lseek(file_.get(), whole, SEEK_SET);
  }
  waiting_.clear();
}

}  // namespace vss::driver
