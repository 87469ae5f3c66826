#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/configuration.hpp"

namespace vss::config {
namespace {

namespace fs = std::filesystem;
using coordinator::RequesterKind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    std::string name = (fs::temp_directory_path() / "openvss-config-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) directory_ = name;
  }
  ~LoadTest() override { fs::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view text) {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  base::Result<Configuration> load_text(std::string_view text, KernelLimits kernel = {}) {
    return load({.file = write("openvss.toml", text),
                 .runtime_dir = std::nullopt,
                 .state_dir = std::nullopt,
                 .kernel = kernel});
  }
  // The error of a text that must be refused.
  std::string refusal(std::string_view text, KernelLimits kernel = {}) {
    const auto result = load_text(text, kernel);
    if (result) return "(accepted)";
    EXPECT_EQ(result.error().kind, base::ErrorKind::kUsage);
    return result.error().message;
  }

  fs::path directory_;
};

TEST_F(LoadTest, EmptyFileMeansTheDefaults) {
  const auto configuration = load_text("");
  ASSERT_TRUE(configuration) << configuration.error().message;
  EXPECT_EQ(configuration->runtime_dir, "/run/openvss");
  EXPECT_EQ(configuration->state_dir, "/var/lib/openvss");
  EXPECT_EQ(configuration->control_group, "vss-admin");
  EXPECT_EQ(configuration->policy.of(RequesterKind::kLocal).budgets.hold, base::seconds(30));
  EXPECT_EQ(configuration->hold_limit, base::seconds(3600));
  EXPECT_EQ(configuration->files.size(), 1U);
}

TEST_F(LoadTest, EveryKeyIsTaken) {
  const auto configuration = load_text(R"(
runtime_dir = "/run/one"
state_dir = "/srv/one"
control_group = "backup"
socket_group = "apps"
log_level = "debug"
[filesystems]
exclude = ["/scratch*", "/mnt/usb"]
unfreezable = "fail"
[hyperv]
door = "uio"
[devices]
cuse = "on"
[requesters.hyperv]
check = 11
prepare = 12
freeze = 13
hold = 14
thaw = 15
require = "crash"
[requesters.local]
freeze = 1.5
require = "application"
[writers]
max = 5000
expected = ["db", "queue"]
timeout = 3
timeout_max = 40
[[writers.rule]]
name = "db"
criticality = "optional"
level = 120
timeout = 7
)");
  ASSERT_TRUE(configuration) << configuration.error().message;
  EXPECT_EQ(configuration->runtime_dir, "/run/one");
  EXPECT_EQ(configuration->state_dir, "/srv/one");
  EXPECT_EQ(configuration->control_group, "backup");
  EXPECT_EQ(configuration->socket_group, "apps");
  EXPECT_EQ(configuration->log_level, LogLevel::kDebug);
  EXPECT_EQ(configuration->hyperv_door, HyperVDoor::kUio);
  EXPECT_EQ(configuration->device_nodes, DeviceNodes::kOn);
  ASSERT_EQ(configuration->filesystems.exclude.size(), 2U);
  EXPECT_EQ(configuration->filesystems.exclude[1].view(), "/mnt/usb");
  EXPECT_EQ(configuration->filesystems.unfreezable, wire::UnfreezablePolicy::kFail);

  const auto& policy = configuration->policy;
  const auto& hyperv = policy.of(RequesterKind::kHyperV);
  EXPECT_EQ(hyperv.budgets.check, base::seconds(11));
  EXPECT_EQ(hyperv.budgets.prepare, base::seconds(12));
  EXPECT_EQ(hyperv.budgets.freeze, base::seconds(13));
  EXPECT_EQ(hyperv.budgets.hold, base::seconds(14));
  EXPECT_EQ(hyperv.budgets.thaw, base::seconds(15));
  EXPECT_EQ(hyperv.require, coordinator::Grade::kCrash);
  EXPECT_EQ(policy.of(RequesterKind::kLocal).budgets.freeze, base::milliseconds(1500));
  EXPECT_EQ(policy.of(RequesterKind::kLocal).require, coordinator::Grade::kApplication);
  EXPECT_EQ(policy.writers_max, 5000U);
  EXPECT_EQ(policy.timeout_default, base::seconds(3));
  EXPECT_EQ(policy.timeout_max, base::seconds(40));
  ASSERT_EQ(policy.writers.size(), 2U);
  EXPECT_EQ(policy.writers[0].name.view(), "db");
  EXPECT_TRUE(policy.writers[0].expected);
  EXPECT_EQ(policy.writers[0].criticality, coordinator::Criticality::kOptional);
  EXPECT_EQ(policy.writers[0].level, 120);
  EXPECT_EQ(policy.writers[0].timeout_max, base::Duration(base::seconds(7)));
  EXPECT_TRUE(policy.writers[1].expected);
  EXPECT_FALSE(policy.writers[1].level);
}

TEST_F(LoadTest, UnknownKeyIsRefusedWithPlaceAndNearestName) {
  EXPECT_THAT(refusal("[requesters.local]\nfreeze = 5\n  hodl = 20\n"),
              AllOf(HasSubstr("openvss.toml:3:3: unknown key \"hodl\" in [requesters.local]"),
                    HasSubstr("did you mean \"hold\"?"),
                    HasSubstr("Allowed: check, freeze, hold, prepare, require, thaw")));
  EXPECT_THAT(refusal("[filesystem]\n"), AllOf(HasSubstr(":1:2: unknown key \"filesystem\""),
                                               HasSubstr("did you mean \"filesystems\"?")));
}

TEST_F(LoadTest, WrongWordNamesTheRightOnes) {
  EXPECT_THAT(refusal("[filesystems]\nunfreezable = \"synk\"\n"),
              AllOf(HasSubstr(":2:15: filesystems.unfreezable cannot be \"synk\""),
                    HasSubstr("did you mean \"sync\"? Allowed: fail, sync")));
}

TEST_F(LoadTest, KeysOfPreSyncAreTaken) {
  const auto configuration =
      load_text("[filesystems]\npre_sync = \"always\"\nstall_budget = 2.5\n");
  ASSERT_TRUE(configuration) << configuration.error().message;
  EXPECT_EQ(configuration->filesystems.pre_sync, wire::PreSync::kAlways);
  EXPECT_EQ(configuration->filesystems.stall_budget, base::milliseconds(2500));
}

TEST_F(LoadTest, AStallBudgetIsOffOrATime) {
  EXPECT_EQ(load_text("[filesystems]\nstall_budget = 0\n")->filesystems.stall_budget,
            base::Duration{0});
  EXPECT_THAT(
      refusal("[filesystems]\nstall_budget = -1\n"),
      HasSubstr("filesystems.stall_budget must be 0 (off) or a number of seconds of at most"));
  EXPECT_THAT(refusal("[filesystems]\nstall_budget = \"2\"\n"), HasSubstr("0 (off)"));
  EXPECT_THAT(refusal("[requesters.local]\nfreeze = 0\n"), HasSubstr("above 0"));
}

TEST_F(LoadTest, AllWrongThingsOfOneFileAreReported) {
  const std::string text = refusal(R"(log_level = "loud"
[requesters.local]
hold = "long"
freeze = -1
[writers]
max = 10001
expected = ["a/b", 3]
[[writers.rule]]
level = 1000
[[writers.rule]]
name = "x"
[[writers.rule]]
name = "x"
)");
  EXPECT_THAT(text, HasSubstr(":1:13: log_level cannot be \"loud\""));
  EXPECT_THAT(text, HasSubstr(":3:8: requesters.local.hold must be a number of seconds"));
  EXPECT_THAT(text, HasSubstr(":4:10: requesters.local.freeze must be a number of seconds"));
  EXPECT_THAT(text, HasSubstr(":6:7: writers.max must be a whole number from 1 to 10000"));
  EXPECT_THAT(text, HasSubstr(":7:13: writers.expected must be a writer's name"));
  EXPECT_THAT(text, HasSubstr(":7:20: writers.expected must be a list of texts"));
  EXPECT_THAT(text, HasSubstr(":9:9: writers.rule.level must be a whole number from 0 to 999"));
  EXPECT_THAT(text, HasSubstr("a [[writers.rule]] needs the name"));
  EXPECT_THAT(text, HasSubstr(":13:8: a second [[writers.rule]] for \"x\""));
  EXPECT_EQ(std::ranges::count(text, '\n'), 8);
}

TEST_F(LoadTest, SyntaxErrorHasItsPlace) {
  EXPECT_THAT(refusal("[writers]\nmax = = 3\n"), HasSubstr("openvss.toml:2:7: "));
}

TEST_F(LoadTest, DropInsAreReadInTheOrderOfTheirNames) {
  write("conf.d/20-b.toml", "[writers]\nmax = 20\nexpected = [\"b\"]\n");
  write("conf.d/10-a.toml",
        "[writers]\nmax = 10\nexpected = [\"a\"]\n[[writers.rule]]\n"
        "name = \"db\"\nlevel = 7\n");
  // Enough of them that a directory does not list them in order by accident.
  for (const char* name : {"17", "12", "19", "11", "15", "18", "13", "16", "14"}) {
    write("conf.d/" + std::string(name) + ".toml", "[writers]\nmax = 15\n");
  }
  write("conf.d/README", "not toml");
  write("conf.d/.hidden.toml", "not toml");
  const auto configuration = load_text(
      "[writers]\nmax = 5\n[[writers.rule]]\nname = \"db\"\n"
      "timeout = 3\n");
  ASSERT_TRUE(configuration) << configuration.error().message;
  EXPECT_EQ(configuration->files.size(), 12U);
  EXPECT_TRUE(std::is_sorted(configuration->files.begin() + 1, configuration->files.end()));
  EXPECT_EQ(configuration->policy.writers_max, 20U);
  ASSERT_EQ(configuration->policy.writers.size(), 3U);
  EXPECT_EQ(configuration->policy.writers[0].level, 7);
  EXPECT_FALSE(configuration->policy.writers[0].timeout_max);  // replaced whole
  EXPECT_EQ(configuration->policy.writers[1].name.view(), "a");
  EXPECT_EQ(configuration->policy.writers[2].name.view(), "b");
}

TEST_F(LoadTest, ProblemInDropInNamesThatFile) {
  write("conf.d/10-a.toml", "\nfoo = 1\n");
  EXPECT_THAT(refusal(""), AllOf(HasSubstr("conf.d/10-a.toml:2:1: unknown key \"foo\""),
                                 Not(HasSubstr("openvss.toml"))));
}

TEST_F(LoadTest, MissingFileThatWasAskedForIsRefused) {
  const auto result = load({.file = (directory_ / "absent.toml").string(),
                            .runtime_dir = std::nullopt,
                            .state_dir = std::nullopt,
                            .kernel = {}});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("absent.toml"), HasSubstr("No such file")));
}

TEST_F(LoadTest, DirectoryInsteadOfFileIsRefused) {
  const auto result = load({.file = directory_.string(),
                            .runtime_dir = std::nullopt,
                            .state_dir = std::nullopt,
                            .kernel = {}});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("not a regular file"));
}

TEST_F(LoadTest, CommandLineStandsAboveTheFile) {
  const auto configuration = load({.file = write("c.toml", "runtime_dir = \"/run/a\"\n"),
                                   .runtime_dir = "/run/b",
                                   .state_dir = "/srv/b",
                                   .kernel = {}});
  ASSERT_TRUE(configuration) << configuration.error().message;
  EXPECT_EQ(configuration->runtime_dir, "/run/b");
  EXPECT_EQ(configuration->state_dir, "/srv/b");
}

TEST_F(LoadTest, RelativeDirectoryIsRefused) {
  EXPECT_THAT(refusal("runtime_dir = \"run\"\n"),
              HasSubstr(":1:15: runtime_dir: \"run\" must be an absolute path"));
}

TEST_F(LoadTest, FreezeMustBeSmallerThanHold) {
  EXPECT_THAT(refusal("[requesters.local]\nfreeze = 30\n"),
              HasSubstr(":2:10: requesters.local.freeze: freeze (30 s) lies inside hold (30 s)"));
  EXPECT_THAT(refusal("[requesters.local]\nhold = 0.5\n"),
              HasSubstr(":2:8: requesters.local.hold: freeze (10 s) lies inside hold (0.5 s)"));
}

TEST_F(LoadTest, BudgetAboveTheKernelsOwnIsRefusedAtThatDoorOnly) {
  EXPECT_TRUE(load_text("[requesters.hyperv]\ncheck = 28\nthaw = 28\nprepare = 880\n"));
  EXPECT_THAT(refusal("[requesters.hyperv]\ncheck = 29\nthaw = 28.5\nprepare = 881\n"),
              AllOf(HasSubstr(":2:9: requesters.hyperv.check: 29 s is more than the 28 s"),
                    HasSubstr(":3:8: requesters.hyperv.thaw: 28.5 s is more than the 28 s"),
                    HasSubstr(":4:11: requesters.hyperv.prepare: prepare and freeze together "
                              "(891 s) are more than the 890 s")));
  EXPECT_THAT(refusal("[requesters.hyperv]\nfreeze = 891\nhold = 1000\n"),
              HasSubstr(":2:10: requesters.hyperv.freeze: 891 s is more than the 890 s"));
  EXPECT_TRUE(load_text("[requesters.local]\ncheck = 60\nthaw = 60\nprepare = 1000\n"));
  EXPECT_TRUE(load_text("[hyperv]\ndoor = \"uio\"\n[requesters.hyperv]\ncheck = 60\n"));
}

TEST_F(LoadTest, HoldThatWouldPanicTheKernelIsRefused) {
  const KernelLimits panics{.hung_task_panic = true,
                            .hung_task_timeout = base::seconds(120),
                            .watchdog_timeout = base::seconds(0)};
  EXPECT_THAT(refusal("[requesters.hyperv]\nhold = 59\n[requesters.local]\nhold = 60\n", panics),
              AllOf(HasSubstr(":4:8: requesters.local.hold: 60 s must be below half of "
                              "kernel.hung_task_timeout_secs (120 s)"),
                    HasSubstr("requesters.qemu-agent.hold (its default): 60 s"),
                    Not(HasSubstr("requesters.hyperv"))));
  const auto lower =
      load_text("[requesters.hyperv]\nhold = 59\n[requesters.qemu-agent]\nhold = 59\n", panics);
  ASSERT_TRUE(lower) << lower.error().message;
  EXPECT_EQ(lower->hold_limit, base::seconds(59));
}

TEST_F(LoadTest, HungTaskTimeoutWithoutPanicLimitsNothing) {
  EXPECT_TRUE(load_text("", {.hung_task_panic = false,
                             .hung_task_timeout = base::seconds(10),
                             .watchdog_timeout = base::seconds(0)}));
}

TEST_F(LoadTest, HoldThatOutlastsTheWatchdogIsRefused) {
  EXPECT_THAT(refusal("", {.hung_task_panic = false,
                           .hung_task_timeout = base::seconds(0),
                           .watchdog_timeout = base::seconds(60)}),
              HasSubstr("requesters.hyperv.hold (its default): 60 s must be below the hardware "
                        "watchdog's timeout (60 s)"));
}

TEST_F(LoadTest, WritersThatCannotAllConnectAreRefused) {
  EXPECT_THAT(refusal("[writers]\nmax = 1\nexpected = [\"a\", \"b\"]\n"),
              HasSubstr(":3:13: writers.expected: 2 names, but writers.max admits only 1"));
}

TEST_F(LoadTest, PatternThatMatchesNothingIsRefused) {
  EXPECT_THAT(refusal("[filesystems]\nexclude = [\"scratch\"]\n"),
              HasSubstr(":2:12: filesystems.exclude: \"scratch\" can match nothing"));
}

TEST_F(LoadTest, PatternsOfDevicesLabelsAndTypesAreTakenAndOtherPrefixesRefused) {
  const auto accepted =
      load_text("[filesystems]\nexclude = [\"device:/dev/sd*\", \"label:a b\", \"type:vfat\"]\n");
  ASSERT_TRUE(accepted) << accepted.error().message;
  EXPECT_THAT(refusal("[filesystems]\nexclude = [\"uuid:12\"]\n"),
              HasSubstr("it must be a pattern of mount points, which begins"));
  EXPECT_THAT(refusal("[filesystems]\nexclude = [\"label:\"]\n"),
              HasSubstr("\"label:\" can match nothing"));
}

TEST_F(LoadTest, MorePatternsThanAFrameCarriesAreRefused) {
  std::string text = "[filesystems]\nexclude = [";
  for (int i = 0; i < 65; ++i)
    text += "\"/m" + std::to_string(i) + "\",";
  EXPECT_THAT(refusal(text + "]\n"), HasSubstr("at most 64 patterns"));
}

}  // namespace
}  // namespace vss::config
