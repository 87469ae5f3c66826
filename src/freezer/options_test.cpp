#include "freezer/options.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace vss::freezer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Mode = Options::Mode;

base::Result<Options> parse(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  return parse_options(arguments);
}
std::string refused(std::vector<std::string> words) {
  const auto options = parse(std::move(words));
  if (options) return "was accepted";
  EXPECT_EQ(options.error().kind, base::ErrorKind::kUsage);
  return options.error().message;
}

TEST(Options, ServiceByDefault) {
  const auto options = parse({"/usr/libexec/vss-freezer"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->mode, Mode::kService);
  EXPECT_EQ(options->runtime_directory, "/run/openvss");
  EXPECT_FALSE(options->allow_root);
  EXPECT_FALSE(options->background);
}

TEST(Options, ValuesWithAndWithoutEquals) {
  const auto options = parse({"vss-freezer", "--only", "/a", "--only=/b", "--runtime-dir=/run/x"});
  ASSERT_TRUE(options);
  EXPECT_THAT(options->only, ElementsAre("/a", "/b"));
  EXPECT_EQ(options->runtime_directory, "/run/x");
  EXPECT_EQ(options->table(), TableOf::kSelf);
}

TEST(Options, PlanTakesWhatVssdWouldAskFor) {
  const auto options = parse(
      {"vss-freezer", "--plan", "--exclude", "/mnt/*", "--policy", "fail", "--require=crash"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->mode, Mode::kPlan);
  EXPECT_EQ(options->request.exclude[0].view(), "/mnt/*");
  EXPECT_EQ(options->request.unfreezable, wire::UnfreezablePolicy::kFail);
  EXPECT_EQ(options->request.require, wire::Grade::kCrash);
  EXPECT_THAT(refused({"vss-freezer", "--exclude", "/mnt/*"}), HasSubstr("--plan"));
}

TEST(Options, WhatCannotBeMeantIsRefusedByName) {
  EXPECT_THAT(refused({"vss-freezer", "--olny", "/a"}), HasSubstr("--olny"));
  EXPECT_THAT(refused({"vss-freezer", "/a"}), HasSubstr("'/a'"));
  EXPECT_THAT(refused({"vss-freezer", "--only"}), HasSubstr("needs a value"));
  EXPECT_THAT(refused({"vss-freezer", "--only", "mnt"}), HasSubstr("absolute"));
  EXPECT_THAT(refused({"vss-freezer", "--runtime-dir", ""}), HasSubstr("absolute"));
  EXPECT_THAT(refused({"vss-freezer", "--namespace", "all"}), HasSubstr("self or init"));
  EXPECT_THAT(refused({"vss-freezer", "--all-namespaces", "--only", "/a"}),
              HasSubstr("exclude each other"));
  EXPECT_THAT(refused({"vss-freezer", "--plan", "--all-namespaces", "--from", "/a"}),
              HasSubstr("one mount table"));
  EXPECT_THAT(refused({"vss-freezer", "--force"}), HasSubstr("--thaw"));
  EXPECT_THAT(refused({"vss-freezer", "--plan", "--thaw"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refused({"vss-freezer", "--plan", "--exclude", "/" + std::string(256, 'x')}),
              HasSubstr("256 bytes"));
  EXPECT_THAT(
      refused({"vss-freezer", "--plan", "--exclude", "uuid:12"}),
      StartsWith("--exclude 'uuid:12': it must be a pattern of mount points, which begins"));
}

TEST(Options, HelpFitsOnOneScreenAndDescribesEachOption) {
  const std::string_view text = usage(false);
  EXPECT_LE(std::ranges::count(text, '\n'), 24);
  for (const char* const option :
       {"--runtime-dir", "--only", "--allow-root", "--namespace", "--all-namespaces",
        "--exit-with-driver", "--require-locked-memory", "--debug", "--from", "--exclude",
        "--policy", "--require ", "--verbose", "--force", "--help"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n  ") + option)) << option;
  }
}

TEST(Options, ARecordedMachineIsPlannedAndNothingElse) {
  const auto options = parse({"vss-freezer", "--plan", "--from", "/tmp/recorded"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->places().mount_table, "/tmp/recorded/mountinfo");
  EXPECT_EQ(options->places().blocks.dev, "");
  EXPECT_EQ(options->places().blocks.recording, "/tmp/recorded/dev");
  EXPECT_EQ(options->places().recording, "/tmp/recorded");
  EXPECT_THAT(refused({"vss-freezer", "--from", "/tmp/recorded"}), HasSubstr("belongs to --plan"));
  EXPECT_THAT(refused({"vss-freezer", "--plan", "--from", "/x", "--namespace", "init"}),
              HasSubstr("--namespace"));
}

TEST(Options, AsHvVssDaemonTakesTheOriginals) {
  const auto background = parse({"/usr/sbin/hv_vss_daemon"});
  ASSERT_TRUE(background);
  EXPECT_TRUE(background->background);
  const auto foreground = parse({"hv_vss_daemon", "-dn", "--runtime-dir", "/run/x"});
  ASSERT_TRUE(foreground);
  EXPECT_FALSE(foreground->background);
  EXPECT_TRUE(foreground->debug);
  EXPECT_EQ(foreground->runtime_directory, "/run/x");
  EXPECT_EQ(parse({"hv_vss_daemon", "-h"})->mode, Mode::kHelp);
  EXPECT_THAT(refused({"hv_vss_daemon", "-x"}), HasSubstr("-x"));
}

}  // namespace
}  // namespace vss::freezer
