#include "hostsim/replay.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>

#include "hostsim/fields.hpp"

namespace hostsim {
namespace {

using Kind = TraceEntry::Kind;

constexpr std::chrono::seconds kLeavingTimeout{5};

class Replay {
 public:
  Replay(Host& host, ReplayOptions options) : host_(host), options_(options) {}

  Result<void> run(const std::vector<TraceEntry>& trace) {
    if (auto guest = host_.need_guest(); !guest) return guest;
    bool opened = false;
    auto before = trace.front().at;
    for (const TraceEntry& entry : trace) {
      if (auto done = perform(entry, opened, before); !done) return done;
      before = entry.at;
    }
    return report_unrecorded();
  }

  // The user leaves in the middle: the guest is thawed first, if that is quick.
  void thaw_before_leaving() {
    host_.ignore_interrupts();
    if (!may_be_frozen_ || !host_.has_guest()) return;
    const Bytes thaw = operation_packet({UINT64_MAX, UINT8_MAX}, Operation::kThaw);
    if (!host_.send(thaw)) return;
    const auto deadline = Clock::now() + kLeavingTimeout;
    while (true) {
      const auto arrival = host_.receive(deadline);
      if (!arrival || asks_for(arrival->received.packet, Operation::kThaw)) return;
    }
  }

  bool same() const { return vital_ == 0; }
  unsigned answers() const { return answers_; }

 private:
  Result<void> perform(const TraceEntry& entry, bool& opened, std::chrono::microseconds before) {
    switch (entry.kind) {
      case Kind::kOpen: return std::exchange(opened, true) ? host_.need_guest() : Result<void>();
      case Kind::kClosed: {
        auto reported = report_unrecorded();
        host_.close();
        return reported;
      }
      case Kind::kHost: return send(entry, entry.at - before);
      case Kind::kGuest: return compare(entry.packet);
    }
    return {};
  }

  Result<void> send(const TraceEntry& entry, std::chrono::microseconds pause) {
    if (!options_.fast) {
      if (auto paused = host_.pause(Clock::now() + pause); !paused) {
        return std::unexpected(paused.error());
      }
    }
    if (auto guest = host_.need_guest(); !guest) return guest;
    asked_.push_back(entry.packet);
    if (asks_for(entry.packet, Operation::kFreeze)) may_be_frozen_ = true;
    if (asks_for(entry.packet, Operation::kThaw)) may_be_frozen_ = false;
    return host_.send(entry.packet);
  }

  // What this guest answers where the other one answered `recorded`.
  Result<void> compare(const Bytes& recorded) {
    auto answer = answer_like(recorded);
    if (!answer && answer.error().cause == Cause::kTimeout) {
      ++vital_;
      print_line(fmt::format("{} DIFFERS: no answer", name_of(recorded)));
      return {};
    }
    if (!answer) return std::unexpected(answer.error());
    ++answers_;
    const auto found = differences(recorded, *answer);
    std::vector<std::string> texts;
    for (const Difference& difference : found) {
      if (difference.vital) ++vital_;
      texts.push_back(difference.text);
    }
    print_line(found.empty()
                   ? fmt::format("{} same", name_of(recorded))
                   : fmt::format("{} DIFFERS: {}", name_of(recorded), fmt::join(texts, "; ")));
    return {};
  }

  // By transaction id; others wait for their turn. A recorded id that no request had is no help:
  // then the first that comes.
  Result<Bytes> answer_like(const Bytes& recorded) {
    const auto has_id = [&](const Bytes& packet) {
      return ids_of(packet).transaction == ids_of(recorded).transaction;
    };
    const bool known = std::ranges::any_of(asked_, has_id);
    const auto deadline = Clock::now() + host_.settings().answer_timeout;
    while (true) {
      const auto found = known ? std::ranges::find_if(early_, has_id) : early_.begin();
      if (found != early_.end()) {
        Bytes packet = std::move(*found);
        early_.erase(found);
        return packet;
      }
      auto arrival = host_.receive(deadline);
      if (!arrival) return std::unexpected(arrival.error());
      early_.push_back(std::move(arrival->received.packet));
    }
  }

  // Answers that the recording does not have. All that should have come have been waited for.
  Result<void> report_unrecorded() {
    while (host_.has_guest()) {
      auto arrival = host_.receive(Clock::now() + std::chrono::milliseconds(100));
      if (!arrival && arrival.error().cause == Cause::kInterrupted) {
        return std::unexpected(arrival.error());
      }
      if (!arrival) break;
      early_.push_back(std::move(arrival->received.packet));
    }
    for (const Bytes& packet : early_) {
      ++vital_;
      print_line(
          fmt::format("{} DIFFERS: an answer that the recording does not have", name_of(packet)));
    }
    early_.clear();
    return {};
  }

  Host& host_;
  ReplayOptions options_;
  std::vector<Bytes> asked_;
  std::deque<Bytes> early_;
  unsigned vital_ = 0;
  unsigned answers_ = 0;
  bool may_be_frozen_ = false;
};

}  // namespace

int run_record(Host& host, const std::string& path, const BackupOptions& options) {
  auto writer = TraceWriter::create(path);
  if (!writer) {
    fmt::print(stderr, "vss-hostsim: {}\n", writer.error().what);
    return 1;
  }
  host.set_witness(writer->get());
  const int status = run_backup(host, options);
  host.close();
  host.set_witness(nullptr);
  if (auto finished = (*writer)->finish(); !finished) {
    fmt::print(stderr, "vss-hostsim: {}\n", finished.error().what);
    return 1;
  }
  return status;
}

int run_replay(Host& host, const std::vector<TraceEntry>& trace, const ReplayOptions& options) {
  Replay replay(host, options);
  const auto done = replay.run(trace);
  if (!done) {
    replay.thaw_before_leaving();
    fmt::print(stderr, "vss-hostsim: {}\n", done.error().what);
    return 1;
  }
  print_line(fmt::format("{} answers, {}", replay.answers(),
                         replay.same() ? "as recorded" : "not as recorded"));
  return replay.same() ? 0 : 1;
}

}  // namespace hostsim
