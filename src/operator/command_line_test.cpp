#include "operator/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vss::operators {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Options accepted(const std::vector<std::string>& words) {
  auto parsed = parse_command_line(words);
  const auto* ending = std::get_if<Ending>(&parsed);
  EXPECT_EQ(ending, nullptr) << ending->text;
  return ending == nullptr ? std::get<Options>(parsed) : Options{};
}

Ending ended(const std::vector<std::string>& words) {
  auto parsed = parse_command_line(words);
  EXPECT_TRUE(std::holds_alternative<Ending>(parsed));
  return std::holds_alternative<Ending>(parsed) ? std::get<Ending>(parsed) : Ending{};
}

TEST(CommandLine, CommonOptionsStandBeforeOrBehindTheCommand) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--runtime-dir", "/r", "--config=/c", "status", "--json"},
           {"status", "--json", "--config", "/c", "--runtime-dir=/r"}}) {
    const auto options = accepted(words);
    EXPECT_EQ(options.verb, Verb::kStatus);
    EXPECT_EQ(options.runtime_dir, "/r");
    EXPECT_EQ(options.config_file, "/c");
    EXPECT_TRUE(options.json);
  }
}

TEST(CommandLine, SnapshotTakesPathsUntilTheDashes) {
  const auto options =
      accepted({"snapshot", "--filesystems", "/a", "/b", "--", "cp", "-a", "--", "x"});
  EXPECT_EQ(options.transaction.selection, wire::Selection::kPaths);
  EXPECT_THAT(options.transaction.paths, ElementsAre("/a", "/b"));
  EXPECT_THAT(options.command, ElementsAre("cp", "-a", "--", "x"));
}

TEST(CommandLine, FilesystemsAreAllUnlessSaidOtherwise) {
  EXPECT_EQ(accepted({"plan"}).transaction.selection, wire::Selection::kAll);
  EXPECT_EQ(accepted({"plan", "--filesystems", "none"}).transaction.selection,
            wire::Selection::kNone);
  EXPECT_EQ(accepted({"plan", "--filesystems", "all"}).transaction.selection,
            wire::Selection::kAll);
  EXPECT_EQ(ended({"plan", "--filesystems", "all", "/a"}).status, 2);
  EXPECT_EQ(ended({"plan", "--filesystems"}).status, 2);
}

TEST(CommandLine, TooManyOrTooLongPathsAreRefused) {
  std::vector<std::string> words{"hold", "--filesystems"};
  words.resize(2 + 129, "/a");
  EXPECT_THAT(ended(words).text, HasSubstr("at most 128 paths"));
  EXPECT_THAT(ended({"hold", "--filesystems", '/' + std::string(1024, 'x')}).text,
              HasSubstr("longer than 1024 bytes"));
}

TEST(CommandLine, HoldMaxIsANumberOfSeconds) {
  EXPECT_EQ(accepted({"hold", "--hold-max", "1.5"}).transaction.hold_max, base::milliseconds(1500));
  for (const char* wrong : {"0", "-1", "3601", "nan", "inf", "ten", ""}) {
    EXPECT_EQ(ended({"hold", "--hold-max", wrong}).status, 2) << wrong;
  }
}

TEST(CommandLine, WrongWordsAreRefusedWithTheNearestRightOne) {
  EXPECT_THAT(ended({"snapshoot"}).text, HasSubstr("did you mean \"snapshot\"?"));
  EXPECT_THAT(ended({"hold", "--require", "filesystems"}).text,
              HasSubstr("did you mean \"filesystem\"?"));
  EXPECT_EQ(ended({"--frobnicate"}).status, 2);
  EXPECT_EQ(ended({}).status, 2);
  EXPECT_EQ(ended({"status", "extra"}).status, 2);
  EXPECT_EQ(ended({"status", "--force"}).status, 2);
  EXPECT_EQ(ended({"--runtime-dir"}).status, 2);
  EXPECT_EQ(ended({"--runtime-dir", "", "status"}).status, 2);
  EXPECT_EQ(ended({"status", "--runtime-dir="}).status, 2);
}

TEST(CommandLine, IdMustBeATransactions) {
  EXPECT_EQ(accepted({"explain", "6a11f0c2-3"}).id->value & 0xf, 3U);
  EXPECT_FALSE(accepted({"release"}).id);
  EXPECT_THAT(ended({"explain", "7"}).text, HasSubstr("is no transaction's id"));
}

TEST(CommandLine, UsageErrorOfSnapshotIs125) {
  EXPECT_THAT(ended({
                        "snapshot",
                        "--",
                    })
                  .text,
              HasSubstr("COMMAND is missing"));
  EXPECT_EQ(ended({"snapshot", "--bad", "--", "true"}).status, 125);
}

TEST(CommandLine, HelpAndVersionEndWell) {
  EXPECT_EQ(ended({"--help"}).status, 0);
  EXPECT_EQ(ended({"snapshot", "--help"}).text, help_text("snapshot"));
  EXPECT_EQ(ended({"help", "hold"}).text, help_text("hold"));
  EXPECT_THAT(ended({"--version"}).text, HasSubstr("vssctl"));
  // Behind the dashes it belongs to COMMAND.
  EXPECT_THAT(accepted({"snapshot", "--", "ls", "--help"}).command, ElementsAre("ls", "--help"));
}

TEST(Help, FitsATerminal) {
  for (const char* name : {"", "status", "writers", "plan", "check", "history", "explain",
                           "snapshot", "hold", "release", "thaw", "doctor", "rehearse"}) {
    const std::string_view text = help_text(name);
    EXPECT_LE(std::ranges::count(text, '\n'), 24) << name;
    std::size_t column = 0;
    for (const char c : text) {
      const bool continues = (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
      column = c == '\n' ? 0 : column + (continues ? 0 : 1);
      EXPECT_LE(column, 80U) << name;
    }
  }
}

TEST(Help, NamesTheCommandsThatBlockAndTheirRemedy) {
  EXPECT_THAT(std::string(help_text("snapshot")),
              AllOf(HasSubstr("btrfs subvolume snapshot"), HasSubstr("lvcreate -s"),
                    HasSubstr("--filesystems none")));
}

}  // namespace
}  // namespace vss::operators
