// vss-writer: built-in writers, for applications that take no part in shadow copies by themselves.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/exit_status.hpp"
#include "command_line.hpp"
#include "config/configuration.hpp"
#include "writers/exec_writer.hpp"
#include "writers/sqlite_writer.hpp"

namespace {

using namespace vss;

struct Arguments {
  Options writer;
  std::optional<std::string> config;
  double timeout_seconds = 0;
  bool optional = false;
  bool required = false;  // the default, said aloud
  writers::Commands commands;
  std::vector<std::string> databases;
};

Writer* running = nullptr;

void on_stop_signal(int) {
  running->stop();
}

void handle_signals() {
  struct sigaction action{};
  action.sa_handler = on_stop_signal;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    ::sigaction(signal, &action, nullptr);
}

void add_common_options(CLI::App& app, Arguments& arguments) {
  Options& writer = arguments.writer;
  app.add_option("--name", writer.name, "as records and configuration call it (needed by exec)")
      ->option_text("NAME");
  app.add_option("--level", writer.level,
                 "0 to 999: lower ones freeze first and thaw last (default 100)")
      ->check(CLI::Range(0, VSS_LEVEL_MAX))
      ->option_text("N");
  CLI::Option* optional =
      app.add_flag("--optional", arguments.optional, "if it fails, the copy is made without it");
  app.add_flag("--required", arguments.required, "if it fails, so does the copy (default)")
      ->excludes(optional->option_text(" "))
      ->option_text(" ");
  app.add_option("--timeout", arguments.timeout_seconds,
                 "wanted for each CHECK, FREEZE and THAW (default: vssd's, 2 s)")
      ->check(CLI::Validator(
          [](const std::string& word) {
            double seconds = 0;
            const bool number = CLI::detail::lexical_cast(word, seconds);
            const bool good = number && seconds >= 0.1 && seconds <= 3600;  // not-a-number is not
            return good ? std::string() : "`" + word + "` is not from 0.1 to 3600";
          },
          ""))
      ->option_text("SECONDS");
  app.add_option("--runtime-dir", writer.runtime_dir,
                 "where vssd's app.sock is (default /run/openvss)")
      ->option_text("DIR");
  app.add_option("--socket", writer.socket, "the socket itself")->option_text("PATH");
  app.add_option("--config", arguments.config,
                 "names the runtime directory (default /etc/openvss/openvss.toml)")
      ->option_text("FILE");
}

CLI::App* add_exec(CLI::App& app, Arguments& arguments) {
  CLI::App* exec = app.add_subcommand("exec", "run shell commands");
  writers::Commands& commands = arguments.commands;
  exec->add_option("--freeze", commands.freeze, "hold the application")
      ->required()
      ->option_text("CMD (needed)");
  exec->add_option("--thaw", commands.thaw, "let it run again")
      ->required()
      ->option_text("CMD (needed)");
  exec->add_option("--prepare", commands.prepare, "what is slow, before the freeze")
      ->option_text("CMD");
  exec->add_option("--abort", commands.abort,
                   "instead of --thaw when the copy is given up, frozen or not")
      ->option_text("CMD");
  exec->footer(
      "Each command is run by /bin/sh -c with VSS_TRANSACTION and VSS_PHASE (prepare, freeze,\n"
      "thaw, abort) in its environment. Exit status 0 is success; else the last line it printed\n"
      "becomes the reason. Past its time prepare and freeze are killed; thaw and abort never are.\n"
      "Should this program be killed while the application is held, abort (or thaw) runs.");
  return exec;
}

CLI::App* add_sqlite(CLI::App& app, Arguments& arguments) {
  CLI::App* sqlite = app.add_subcommand("sqlite", "hold SQLite databases, all at once");
  sqlite->add_option("DB", arguments.databases, "the databases' files")
      ->required()
      ->option_text("FILE...");
  sqlite->footer(
      "While held, the databases can be read; who wants to write waits, or gets SQLITE_BUSY after\n"
      "its own timeout: set PRAGMA busy_timeout to a minute. No lock of others is ever broken.\n"
      "Transactions over several databases are whole in the copy if they use ATTACH.");
  return sqlite;
}

// A given socket or directory needs no configuration; what is given stands above it.
base::Status apply_configuration(Arguments& arguments) {
  const bool located = !arguments.writer.socket.empty() || !arguments.writer.runtime_dir.empty();
  if (located && !arguments.config) return {};
  config::LoadOptions options;
  options.file = arguments.config;
  if (!arguments.writer.runtime_dir.empty()) options.runtime_dir = arguments.writer.runtime_dir;
  auto configuration = config::load(options);
  if (!configuration) return std::unexpected(configuration.error());
  arguments.writer.runtime_dir = configuration->runtime_dir;
  return {};
}

int complain(const std::string& text, int status) {
  std::fprintf(stderr, "vss-writer: %s\n", text.c_str());
  return status;
}

int run(Writer& writer) {
  running = &writer;
  handle_signals();
  writer.run();
  return base::kExitYes;
}

int run_exec(const Arguments& arguments) {
  writers::ExecWriter writer(arguments.writer, arguments.commands);
  return run(writer);
}

int run_sqlite(const Arguments& arguments) {
  writers::SqliteWriter writer(arguments.writer, arguments.databases);
  const std::string problems = writer.problems();
  if (!problems.empty()) return complain(problems, base::kExitUsage);
  return run(writer);
}

int run_program(int count, char** values) {
  Arguments arguments;
  arguments.writer.version = OPENVSS_VERSION;
  CLI::App app("Takes part in shadow copies on behalf of an application.", "vss-writer");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "vss-writer " OPENVSS_VERSION);
  app.footer(
      "It waits for vssd and reconnects when vssd restarts. SIGTERM lets the application go and\n"
      "ends. Exit status: 0 stopped as asked, 1 failed, 2 usage or configuration.");
  add_common_options(app, arguments);
  const CLI::App* exec = add_exec(app, arguments);
  const CLI::App* sqlite = add_sqlite(app, arguments);
  if (const auto status = programs::parse(app, count, values)) return *status;
  if (arguments.writer.name.empty()) {
    if (exec->parsed()) return complain("exec needs --name", base::kExitUsage);
    arguments.writer.name = sqlite->get_name();
  }
  arguments.writer.required = !arguments.optional;
  arguments.writer.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(arguments.timeout_seconds));
  if (const auto applied = apply_configuration(arguments); !applied) {
    return complain(applied.error().message, base::exit_status_of(applied.error()));
  }
  return exec->parsed() ? run_exec(arguments) : run_sqlite(arguments);
}

}  // namespace

int main(int count, char** values) {
  try {
    return run_program(count, values);
  } catch (const vss::Error& error) {
    return complain(error.what(),
                    error.code() == -EINVAL ? vss::base::kExitUsage : vss::base::kExitNo);
  } catch (const std::exception& error) {
    return complain(error.what(), vss::base::kExitNo);
  }
}
