#include "hostsim/trace.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <optional>

#include "hostsim/message.hpp"
#include "hostsim/report.hpp"

namespace hostsim {
namespace {

constexpr auto kFormat = "openvss-hyperv-trace";
constexpr std::size_t kLineBytesMax = 65536;
constexpr std::size_t kPacketBytesMax = (kLineBytesMax - 128) / 2;

using Kind = TraceEntry::Kind;

// What is wrong with line 1; empty: nothing.
std::string fault_of_head(const Json& head) {
  if (head.value("format", Json()) != kFormat) return "this is no openvss-hyperv-trace";
  if (head.value("version", Json()) != 1) return "only version 1 of the format is known";
  const Json door = head.value("door", Json());
  if (door == "vmbus") return "";
  if (door == "hv_vss") {
    return "a trace of /dev/vmbus/hv_vss contains messages of 12 bytes only, not the host's "
           "packets: it cannot be replayed over a ring";
  }
  return "the door is neither vmbus nor hv_vss";
}

std::string fault_of_packet(const Bytes& packet) {
  if (packet.size() >= kDescriptorBytes && packet.size() % 8 == 0) return "";
  return fmt::format("a packet of {} bytes, not a multiple of 8 from 16", packet.size());
}

// Nothing: the line says what this program does not need (lost).
Result<std::optional<TraceEntry>> entry_of(const Json& line) {
  const Json at = line.value("us", Json());
  if (!at.is_number_unsigned()) return failure("\"us\" is missing or no number");
  TraceEntry entry;
  entry.at = std::chrono::microseconds(at.get<std::int64_t>());
  if (line.contains("lost")) return std::nullopt;
  if (const Json event = line.value("event", Json()); !event.is_null()) {
    if (event != "open" && event != "closed") return failure("an unknown event");
    entry.kind = event == "open" ? Kind::kOpen : Kind::kClosed;
    return entry;
  }
  const Json from = line.value("from", Json());
  if (from != "host" && from != "guest") return failure("\"from\" is neither host nor guest");
  const Json text = line.value("bytes", Json());
  const auto packet = text.is_string() ? from_hex(text.get<std::string>()) : std::nullopt;
  if (!packet) return failure("\"bytes\" is missing or not hexadecimal");
  if (auto fault = fault_of_packet(*packet); !fault.empty()) return failure(fault);
  entry.kind = from == "host" ? Kind::kHost : Kind::kGuest;
  entry.packet = *packet;
  return entry;
}

}  // namespace

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::string& path) {
  std::unique_ptr<TraceWriter> writer(new TraceWriter(path));
  if (!writer->file_) return system_failure("cannot write " + path);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  writer->file_ << fmt::format(R"({{"format":"{}","version":1,"door":"vmbus",)", kFormat)
                << fmt::format(R"("by":"vss-hostsim","began":"{:%FT%TZ}"}})", fmt::gmtime(now))
                << '\n';
  return writer;
}

std::int64_t TraceWriter::microseconds() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began_).count();
}

void TraceWriter::write_event(const char* event) {
  waiting_ += fmt::format("{{\"us\":{},\"event\":\"{}\"}}\n", microseconds(), event);
}

void TraceWriter::write_packet(const char* from, View packet) {
  if (packet.size() > kPacketBytesMax) {
    waiting_ += fmt::format("{{\"us\":{},\"lost\":1}}\n", microseconds());
    return;
  }
  waiting_ += fmt::format("{{\"us\":{},\"from\":\"{}\",\"bytes\":\"{}\"}}\n", microseconds(), from,
                          to_hex(packet));
}

void TraceWriter::received(View packet) {
  write_packet("guest", packet);
  constexpr auto kThaw = static_cast<std::uint8_t>(Operation::kThaw);
  const bool thawed = packet.size() > kOperationAt && packet[kOperationAt] == kThaw;
  if (thawed) write_waiting();
}

void TraceWriter::write_waiting() {
  file_ << waiting_;
  waiting_.clear();
}

Result<void> TraceWriter::finish() {
  write_waiting();
  file_.close();
  if (!file_) return failure("cannot write all of " + path_);
  return {};
}

Result<std::vector<TraceEntry>> read_trace(const std::string& path) {
  std::ifstream file(path);
  if (!file) return system_failure("cannot read " + path);
  std::vector<TraceEntry> entries;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    const auto fault = [&](const std::string& what) {
      return failure(fmt::format("{}:{}: {}", path, number, what));
    };
    if (text.size() > kLineBytesMax) return fault("a line of more than 64 KiB");
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object()) return fault("this is no JSON object");
    if (number == 1) {
      if (auto what = fault_of_head(line); !what.empty()) return fault(what);
      continue;
    }
    auto entry = entry_of(line);
    if (!entry) return fault(entry.error().what);
    if (*entry && !entries.empty() && (*entry)->at < entries.back().at) {
      return fault("it is earlier than the line before");
    }
    if (*entry) entries.push_back(std::move(**entry));
  }
  if (entries.empty()) return failure(path + ": there is nothing in this trace");
  return entries;
}

}  // namespace hostsim
