// Which files are read, in which order.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/configuration.hpp"
#include "config/schema.hpp"
#include "config/validate.hpp"

namespace vss::config {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kFileBytesMax = 1U << 20;

// Nothing, after a report, when the file cannot be used.
std::optional<std::string> read_file(const std::string& file, Problems& problems) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (error) {
    problems.add({file}, "cannot be read: " + error.message());
    return std::nullopt;
  }
  if (!fs::is_regular_file(status)) {
    problems.add({file}, "is not a regular file");
    return std::nullopt;
  }
  const auto size = fs::file_size(file, error);
  if (error || size > kFileBytesMax) {
    problems.add({file}, error ? "cannot be read: " + error.message()
                               : "is larger than 1 MiB; this is no configuration file");
    return std::nullopt;
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) {
    problems.add({file}, "cannot be read; check its permissions");
    return std::nullopt;
  }
  return text;
}

// *.toml in conf.d beside the main file, in the order of their names.
std::vector<std::string> drop_ins(const std::string& main_file, Problems& problems) {
  const fs::path directory = fs::path(main_file).parent_path() / "conf.d";
  std::vector<std::string> files;
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  if (error == std::errc::no_such_file_or_directory) return files;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path& path = entries->path();
    const bool hidden = path.filename().string().starts_with('.');
    if (!hidden && path.extension() == ".toml") files.push_back(path.string());
  }
  if (error) problems.add({directory.string()}, "cannot be read: " + error.message());
  std::ranges::sort(files);
  return files;
}

void apply_file(const std::string& file, Draft& draft, Problems& problems) {
  const auto text = read_file(file, problems);
  if (!text) return;
  draft.configuration.files.push_back(file);
  const toml::parse_result parsed = toml::parse(*text, file);
  if (!parsed) {
    const auto& error = parsed.error();
    const auto& at = error.source().begin;
    problems.add({file, at.line, at.column}, std::string(error.description()));
    return;
  }
  apply(parsed.table(), file, draft, problems);
}

void override_directory(const std::optional<std::string>& given, const std::string& key,
                        const std::string& option, std::string& to, Draft& draft) {
  if (!given) return;
  to = *given;
  draft.places[key] = {option};
}

}  // namespace

base::Result<Configuration> load(const LoadOptions& options) {
  const std::string main_file = options.file.value_or(base::runtime::kConfigDefault);
  Draft draft;
  Problems problems;
  std::error_code error;
  const bool missing = fs::status(main_file, error).type() == fs::file_type::not_found;
  if (options.file || !missing) apply_file(main_file, draft, problems);
  for (const auto& file : drop_ins(main_file, problems))
    apply_file(file, draft, problems);
  override_directory(options.runtime_dir, "runtime_dir", "--runtime-dir",
                     draft.configuration.runtime_dir, draft);
  override_directory(options.state_dir, "state_dir", "--state-dir", draft.configuration.state_dir,
                     draft);
  validate(draft, options.kernel, problems);
  if (!problems.empty()) return base::fail_usage(problems.text());
  return std::move(draft.configuration);
}

}  // namespace vss::config
