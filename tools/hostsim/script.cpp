#include "hostsim/script.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "hostsim/conversation.hpp"

namespace hostsim {
namespace {

using Kind = ScriptStep::Kind;

constexpr std::array<std::pair<std::string_view, Operation>, 8> kOperations = {{
    {"create", Operation::kCreate},
    {"delete", Operation::kDelete},
    {"hot_backup", Operation::kHotBackup},
    {"get_dm_info", Operation::kGetDmInfo},
    {"bu_complete", Operation::kBuComplete},
    {"freeze", Operation::kFreeze},
    {"thaw", Operation::kThaw},
    {"auto_recover", Operation::kAutoRecover},
}};

constexpr std::array<std::pair<std::string_view, Kind>, 9> kWords = {{
    {"negotiate", Kind::kNegotiate},
    {"close", Kind::kClose},
    {"wait", Kind::kWait},
    {"vanish", Kind::kVanish},
    {"rescind", Kind::kRescind},
    {"offer", Kind::kOffer},
    {"interrupt", Kind::kInterrupt},
    {"mute", Kind::kMute},
    {"unmute", Kind::kUnmute},
}};

constexpr double kSleepMax = 86'400;
constexpr std::chrono::milliseconds kFileLook{5};

template <class T>
std::optional<T> number_in(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<ScriptStep> parse_valued(std::string_view word) {
  if (word.starts_with("op=")) {
    const auto number = number_in<std::uint8_t>(word.substr(3));
    if (!number) return std::nullopt;
    return ScriptStep{.kind = Kind::kOperation, .operation = static_cast<Operation>(*number)};
  }
  if (word.starts_with("sleep=")) {
    const auto seconds = number_in<double>(word.substr(6));
    if (!seconds || !(*seconds >= 0 && *seconds <= kSleepMax)) return std::nullopt;
    ScriptStep step{.kind = Kind::kSleep};
    step.time = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
    return step;
  }
  if (word.starts_with("raw=")) {
    auto bytes = from_hex(word.substr(4));
    if (!bytes || bytes->empty() || bytes->size() % 8 != 0) return std::nullopt;
    ScriptStep step{.kind = Kind::kRaw};
    step.bytes = std::move(*bytes);
    return step;
  }
  constexpr std::string_view kWriteIndex = "write_index=";
  if (word.starts_with(kWriteIndex)) {
    ScriptStep step{.kind = Kind::kWriteIndex};
    word.remove_prefix(kWriteIndex.size());
    if (word == "right") return step;
    step.index = number_in<std::uint32_t>(word);
    return step.index ? std::optional(step) : std::nullopt;
  }
  constexpr std::string_view kUntil = "until=";
  if (word.starts_with(kUntil) && word.size() > kUntil.size()) {
    ScriptStep step{.kind = Kind::kUntil};
    step.file = word.substr(kUntil.size());
    return step;
  }
  return std::nullopt;
}

std::optional<ScriptStep> parse_step(std::string_view word) {
  const bool in_background = word.ends_with('&');
  if (in_background) word.remove_suffix(1);
  std::optional<ScriptStep> step = parse_valued(word);
  for (const auto& [name, operation] : kOperations) {
    if (word == name) step = ScriptStep{.kind = Kind::kOperation, .operation = operation};
  }
  for (const auto& [name, kind] : kWords) {
    if (word == name) step = ScriptStep{.kind = kind};
  }
  if (!step) return step;
  const bool request = step->kind == Kind::kOperation || step->kind == Kind::kNegotiate;
  if (in_background && !request) return std::nullopt;
  step->in_background = in_background;
  return step;
}

Result<void> ask(Conversation& conversation, const ScriptStep& step) {
  const Bytes packet = step.kind == Kind::kNegotiate ? conversation.negotiation()
                                                     : conversation.packet_for(step.operation);
  if (step.in_background) return conversation.post(packet);
  const auto report = conversation.ask(packet);
  if (!report) return std::unexpected(report.error());
  return {};
}

Result<void> rest_until(Conversation& conversation, const std::string& file) {
  while (::access(file.c_str(), F_OK) != 0) {
    if (auto rested = conversation.rest(Clock::now() + kFileLook); !rested) return rested;
  }
  return {};
}

// What is done to the ring itself; the guest is signalled each time, but for the words that mute.
Result<void> tamper(Host& host, const ScriptStep& step) {
  if (auto guest = host.need_guest(); !guest) return guest;
  Channel& channel = host.channel();
  switch (step.kind) {
    case Kind::kMute: channel.mute(true); return {};
    case Kind::kUnmute: channel.mute(false); return {};
    case Kind::kRaw:
      if (auto sent = channel.send(step.bytes); !sent) return std::unexpected(sent.error());
      break;
    case Kind::kWriteIndex:
      channel.to_guest().store(RingWord::kWriteIndex,
                               step.index.value_or(channel.writer().index()));
      break;
    default: break;
  }
  channel.signal_guest();
  return {};
}

Result<void> perform(Host& host, Conversation& conversation, const ScriptStep& step) {
  switch (step.kind) {
    case Kind::kNegotiate:
    case Kind::kOperation: return ask(conversation, step);
    case Kind::kSleep: return conversation.rest(Clock::now() + step.time);
    case Kind::kUntil: return rest_until(conversation, step.file);
    case Kind::kWait: return conversation.settle();
    case Kind::kClose: conversation.close(); return host.need_guest();
    case Kind::kRescind: conversation.forget(); return host.rescind();
    case Kind::kOffer: return host.offer();
    case Kind::kInterrupt:
    case Kind::kMute:
    case Kind::kUnmute:
    case Kind::kRaw:
    case Kind::kWriteIndex: return tamper(host, step);
    case Kind::kVanish: break;
  }
  return {};
}

}  // namespace

Result<std::vector<ScriptStep>> parse_script(const std::vector<std::string>& words) {
  std::vector<ScriptStep> steps;
  for (const std::string& word : words) {
    const auto step = parse_step(word);
    if (!step) {
      return failure(fmt::format(
          "'{}' is no step: negotiate, hot_backup, get_dm_info, freeze, thaw, bu_complete, create, "
          "delete, auto_recover, op=N (each also with & behind it), sleep=S, until=FILE, close, "
          "wait, vanish, rescind, offer, interrupt, mute, unmute, raw=HEX, write_index=N|right",
          word));
    }
    steps.push_back(*step);
  }
  return steps;
}

int run_script(Host& host, const std::vector<ScriptStep>& steps, bool json) {
  bool well_formed = true;
  Conversation conversation(host, [&](const StepReport& report) {
    well_formed = well_formed && report.well_formed();
    print_line(json ? json_of(report).dump() : line_of(report, false));
  });
  const bool offers_first = !steps.empty() && steps.front().kind == Kind::kOffer;
  auto done = offers_first ? Result<void>() : host.need_guest();
  for (const ScriptStep& step : steps) {
    if (!done) break;
    if (step.kind == Kind::kVanish) return 0;
    done = perform(host, conversation, step);
  }
  if (done) done = conversation.settle();
  if (!done) {
    conversation.thaw_before_leaving();
    fmt::print(stderr, "vss-hostsim: {}\n", done.error().what);
    return 1;
  }
  return well_formed ? 0 : 1;
}

}  // namespace hostsim
