// The documented example must be what it says it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "config/configuration.hpp"

namespace vss::config {
namespace {

using coordinator::RequesterKind;
using testing::AnyOf;
using testing::HasSubstr;

base::Result<Configuration> load_file(const std::string& file) {
  return load({.file = file, .runtime_dir = std::nullopt, .state_dir = std::nullopt, .kernel = {}});
}

void expect_the_defaults(const std::string& file) {
  const auto example = load_file(file);
  ASSERT_TRUE(example) << example.error().message;
  const Configuration defaults;
  EXPECT_EQ(example->runtime_dir, defaults.runtime_dir);
  EXPECT_EQ(example->state_dir, defaults.state_dir);
  EXPECT_EQ(example->control_group, defaults.control_group);
  EXPECT_EQ(example->socket_group, defaults.socket_group);
  EXPECT_EQ(example->log_level, defaults.log_level);
  EXPECT_EQ(example->hyperv_door, defaults.hyperv_door);
  EXPECT_EQ(example->device_nodes, defaults.device_nodes);
  EXPECT_EQ(example->filesystems.exclude.size(), 0U);
  EXPECT_EQ(example->filesystems.unfreezable, defaults.filesystems.unfreezable);
  EXPECT_EQ(example->filesystems.pre_sync, defaults.filesystems.pre_sync);
  EXPECT_EQ(example->filesystems.stall_budget, defaults.filesystems.stall_budget);
  EXPECT_EQ(example->policy.writers_max, defaults.policy.writers_max);
  EXPECT_EQ(example->policy.timeout_default, defaults.policy.timeout_default);
  EXPECT_EQ(example->policy.timeout_max, defaults.policy.timeout_max);
  EXPECT_TRUE(example->policy.writers.empty());
  for (const auto kind :
       {RequesterKind::kHyperV, RequesterKind::kQemuAgent, RequesterKind::kLocal}) {
    const auto& shown = example->policy.of(kind);
    const auto& real = defaults.policy.of(kind);
    EXPECT_EQ(shown.budgets.check, real.budgets.check) << to_text(kind);
    EXPECT_EQ(shown.budgets.prepare, real.budgets.prepare) << to_text(kind);
    EXPECT_EQ(shown.budgets.freeze, real.budgets.freeze) << to_text(kind);
    EXPECT_EQ(shown.budgets.hold, real.budgets.hold) << to_text(kind);
    EXPECT_EQ(shown.budgets.thaw, real.budgets.thaw) << to_text(kind);
    EXPECT_EQ(shown.require, real.require) << to_text(kind);
  }
}

std::string read(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(ExampleConfiguration, ChangesNothing) {
  expect_the_defaults(EXAMPLE_CONFIGURATION);
}

// Lines that would set something, in their order.
std::vector<std::string> settings_of(const std::string& text) {
  std::vector<std::string> settings;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != '#') settings.push_back(line);
  }
  return settings;
}

TEST(ShippedConfiguration, SetsNothing) {
  expect_the_defaults(SHIPPED_CONFIGURATION);
  for (const std::string& line : settings_of(read(SHIPPED_CONFIGURATION))) {
    EXPECT_EQ(line.front(), '[') << line;
  }
}

// As an administrator does it: the # right before a key is removed.
TEST(ShippedConfiguration, HasEveryKeyOfTheExampleCommentedOut) {
  const std::regex commented_key("#([a-z_]+ = )");
  const std::string uncommented =
      std::regex_replace(read(SHIPPED_CONFIGURATION), commented_key, "$1");
  const auto settings = settings_of(uncommented);
  EXPECT_EQ(settings, settings_of(read(EXAMPLE_CONFIGURATION)));
  const std::string file = testing::TempDir() + "openvss-uncommented.toml";
  std::ofstream(file) << uncommented;
  expect_the_defaults(file);
  std::remove(file.c_str());
}

// An unknown key is answered with all that exist.
std::vector<std::string> keys_of(const std::string& section) {
  const std::string file = testing::TempDir() + "openvss-unknown-key.toml";
  std::ofstream(file) << section << "\nunknown-key = 1\n";
  const auto result = load_file(file);
  std::remove(file.c_str());
  const std::string text = result ? "" : result.error().message;
  const std::string marker = "llowed: ";
  std::size_t at = text.find(marker);
  EXPECT_NE(at, std::string::npos) << text;
  std::istringstream list(
      text.substr(at + marker.size(), text.find('\n', at) - at - marker.size()));
  std::vector<std::string> keys;
  for (std::string key; list >> key;) {
    if (key.ends_with(',')) key.pop_back();
    keys.push_back(key);
  }
  return keys;
}

TEST(Documentation, HasEveryKey) {
  const std::string example = read(EXAMPLE_CONFIGURATION);
  const std::string schema = read(SCHEMA_PAGE);
  for (const char* section : {"", "[filesystems]", "[hyperv]", "[devices]", "[requesters]",
                              "[requesters.local]", "[writers]", "[[writers.rule]]"}) {
    const auto keys = keys_of(section);
    EXPECT_FALSE(keys.empty()) << section;
    for (const std::string& key : keys) {
      EXPECT_THAT(example, AnyOf(HasSubstr('\n' + key + " = "), HasSubstr("\n# " + key + " = "),
                                 HasSubstr('[' + key), HasSubstr('.' + key + ']')));
      EXPECT_THAT(schema, AnyOf(HasSubstr('`' + key + '`'), HasSubstr('[' + key),
                                HasSubstr('.' + key + ']')));
    }
  }
}

}  // namespace
}  // namespace vss::config
