#include "hostsim/command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "hostsim/backup.hpp"
#include "hostsim/hostile.hpp"
#include "hostsim/replay.hpp"
#include "hostsim/script.hpp"
#include "hostsim/socket_door.hpp"
#include "hostsim/standin_door.hpp"

namespace hostsim {
namespace {

constexpr int kUsage = 2;
constexpr double kSecondsMax = 86'400;

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

struct Options {
  std::string listen;
  std::string standin;
  bool hv_utils = false;
  std::string runtime_directory = "/run/openvss";
  std::uint32_t ring_bytes = kRingBytesMin;
  double wait = 30;
  double answer_timeout = 120;
  double hold = 0;
  BackupOptions backup;
  HostileOptions hostile;
  ReplayOptions replay;
  std::string file;
  std::vector<std::string> steps;
  bool json = false;
};

std::string failure_text(const CLI::App*, const CLI::Error& error) {
  return fmt::format("vss-hostsim: {}\nTry `vss-hostsim --help`.\n", error.what());
}

std::string check_ring_bytes(const std::string& text) {
  const unsigned long value = std::strtoul(text.c_str(), nullptr, 10);
  if (value >= kRingBytesMin && value <= kRingBytesMax && value % kRingBytesUnit == 0) return "";
  return "must be a multiple of 4096 from 16384 to 4194304";
}

void add_common_options(CLI::App& app, Options& options) {
  app.fallthrough();
  app.require_subcommand(1);
  app.failure_message(failure_text);
  auto* listen = app.add_option("--listen", options.listen, "Socket for the guest");
  auto* directory =
      app.add_option("--runtime-dir", options.runtime_directory, "The socket is DIR/vmbus.sock")
          ->capture_default_str()
          ->excludes(listen);
  app.add_option("--standin", options.standin,
                 "Instead of a socket: the device of the test module vmbus_standin")
      ->excludes(listen, directory);
  app.add_flag("--hv-utils", options.hv_utils,
               "Expect the answers that the kernel's hv_utils gives for its daemon");
  app.add_option("--wait", options.wait, "Seconds to wait for a guest")
      ->capture_default_str()
      ->check(CLI::Range(0.0, kSecondsMax));
  app.add_option("--answer-timeout", options.answer_timeout, "Seconds to wait for an answer")
      ->capture_default_str()
      ->check(CLI::Range(0.0, kSecondsMax));
  app.add_option("--ring-bytes", options.ring_bytes, "Size of each of the two rings")
      ->capture_default_str()
      ->check(check_ring_bytes);
}

void add_backup_options(CLI::App& command, Options& options) {
  command.add_option("--exec", options.backup.command, "Run CMD with sh while the guest is held");
  command.add_option("--repeat", options.backup.repeat, "Number of backups")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000'000U));
  command.add_option("--hold", options.hold, "Seconds to hold the guest, after CMD")
      ->check(CLI::Range(0.0, kSecondsMax));
}

void add_hostile_options(CLI::App& command, Options& options) {
  command.add_option("--seed", options.hostile.seed, "The same seed, the same acts")
      ->capture_default_str();
  command.add_option("--count", options.hostile.count, "Number of acts")
      ->check(CLI::Range(1.0, 1e9))
      ->capture_default_str();
}

void add_json(CLI::App& command, Options& options, const char* what) {
  command.add_flag("--json", options.json, what);
}

HostSettings settings_of(const Options& options, int interrupt_fd) {
  HostSettings settings;
  settings.answers_of = options.hv_utils ? AnswersOf::kHvUtils : AnswersOf::kVssd;
  settings.wait = milliseconds_of(options.wait);
  settings.answer_timeout = milliseconds_of(options.answer_timeout);
  settings.interrupt_fd = interrupt_fd;
  // On such a channel the answers to an earlier host may still come: they must not look like ours.
  if (!options.standin.empty()) settings.first_id = (std::uint64_t(::getpid()) << 32U) + 1;
  return settings;
}

Result<std::unique_ptr<Door>> open_door(const Options& options) {
  if (!options.standin.empty()) return StandinDoor::open(options.standin);
  const std::string path =
      options.listen.empty() ? options.runtime_directory + "/vmbus.sock" : options.listen;
  return SocketDoor::open(path, options.ring_bytes);
}

void say(const std::string& what) {
  fmt::print(stderr, "vss-hostsim: {}\n", what);
}

int fail(const Problem& problem, int status) {
  say(problem.what);
  return status;
}

// On a host whose door is open.
int with_host(const Options& options, int interrupt_fd, const std::function<int(Host&)>& run,
              const Host::Say& tell = say) {
  auto door = open_door(options);
  if (!door) return fail(door.error(), 1);
  Host host(std::move(*door), settings_of(options, interrupt_fd), tell);
  return run(host);
}

int backup(const Options& options, int interrupt_fd) {
  return with_host(options, interrupt_fd,
                   [&](Host& host) { return run_backup(host, options.backup); });
}

int run(const Options& options, int interrupt_fd) {
  const auto steps = parse_script(options.steps);
  if (!steps) return fail(steps.error(), kUsage);
  return with_host(options, interrupt_fd,
                   [&](Host& host) { return run_script(host, *steps, options.json); });
}

// Guests that go and come back are its daily business: not worth a line each.
int hostile(const Options& options, int interrupt_fd) {
  return with_host(
      options, interrupt_fd, [&](Host& host) { return run_hostile(host, options.hostile); },
      [](const std::string&) {});
}

int record(const Options& options, int interrupt_fd) {
  return with_host(options, interrupt_fd,
                   [&](Host& host) { return run_record(host, options.file, options.backup); });
}

int replay(const Options& options, int interrupt_fd) {
  const auto trace = read_trace(options.file);
  if (!trace) return fail(trace.error(), 1);
  return with_host(options, interrupt_fd,
                   [&](Host& host) { return run_replay(host, *trace, options.replay); });
}

}  // namespace

int run_command_line(int count, const char* const* values, int interrupt_fd) {
  Options options;
  CLI::App app("The host's end of the Hyper-V VSS channel, for a guest that connects to it.",
               "vss-hostsim");
  add_common_options(app, options);
  auto* backup_command = app.add_subcommand("backup", "Take backups as a host does");
  add_backup_options(*backup_command, options);
  add_json(*backup_command, options, "Print one JSON document at the end instead");
  auto* run_command = app.add_subcommand("run", "Send requests as a script says");
  run_command
      ->add_option("STEP", options.steps,
                   "negotiate, hot_backup, get_dm_info, freeze, thaw, bu_complete, create,\n"
                   "delete, auto_recover, op=N: a request; with & behind it the answer is not\n"
                   "waited for. sleep=S; until=FILE: sleep until it is there; close: close the\n"
                   "channel and wait for the guest; wait: for all answers; vanish: exit at once.\n"
                   "rescind: withdraw the device; offer: give it back; interrupt: signal the\n"
                   "guest; mute, unmute: whether packets are signalled; raw=HEX: bytes in place\n"
                   "of a packet; write_index=N: an index that is not so, write_index=right")
      ->required();
  add_json(*run_command, options, "Print one JSON object for each answer");
  auto* hostile_command = app.add_subcommand("hostile", "Do what no host should");
  add_hostile_options(*hostile_command, options);
  add_json(*hostile_command, options, "Print one JSON document at the end instead");
  auto* record_command = app.add_subcommand("record", "Like backup, with its packets in a file");
  record_command->add_option("FILE", options.file, "Where the trace goes")->required();
  add_backup_options(*record_command, options);
  add_json(*record_command, options, "Print one JSON document at the end instead");
  auto* replay_command = app.add_subcommand("replay", "Send what a file has, compare the answers");
  replay_command->add_option("FILE", options.file, "A trace")->required();
  replay_command->add_flag("--fast", options.replay.fast, "Without the recorded pauses");
  try {
    app.parse(count, values);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  options.backup.hold = milliseconds_of(options.hold);
  options.backup.json = options.json;
  options.hostile.json = options.json;
  if (backup_command->parsed()) return backup(options, interrupt_fd);
  if (hostile_command->parsed()) return hostile(options, interrupt_fd);
  if (record_command->parsed()) return record(options, interrupt_fd);
  if (replay_command->parsed()) return replay(options, interrupt_fd);
  return run(options, interrupt_fd);
}

}  // namespace hostsim
