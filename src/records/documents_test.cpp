#include "records/documents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records/json.hpp"
#include "records/render.hpp"
#include "records/sample_record.hpp"

namespace vss::records {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::sample_record;

StatusDocument sample_status() {
  StatusDocument status;
  status.version = "0.1.0";
  status.left_frozen = sample_record(3).id;
  status.standing_veto = "line 3: unknown key";
  status.phase = coordinator::Phase::kHeld;
  status.transaction = sample_record().id;
  status.requester = "vssctl[812]";
  status.hold_left = base::milliseconds(12'500);
  status.freezer = {.connected = true,
                    .plain = false,
                    .clean = false,
                    .guardian_alive = true,
                    .last_thawed = sample_record(2).id,
                    .reason = "2 filesystems are frozen"};
  status.writers = 2;
  status.expected_absent = {"db"};
  status.last = summary_of(sample_record(2));
  status.warnings = {"memory is not locked"};
  return status;
}

TEST(StatusJson, ComesBackAsItWas) {
  const std::string text = to_json(sample_status());
  const auto status = status_from_json(text);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(to_json(*status), text);
  EXPECT_EQ(status->left_frozen, sample_record(3).id);
  EXPECT_EQ(status->standing_veto, "line 3: unknown key");
}

TEST(StatusJson, IsRefusedWithoutItsFreezer) {
  std::string text = to_json(sample_status());
  text.replace(text.find("\"freezer\""), 9, "\"freezed\"");
  ASSERT_FALSE(status_from_json(text));
  EXPECT_THAT(status_from_json(text).error().message, HasSubstr("status.freezer is missing"));
}

TEST(StatusText, SaysWhatIsOpenAndWhatIsWrong) {
  EXPECT_THAT(
      render_status(sample_status()),
      AllOf(HasSubstr("vssd 0.1.0: ready\n"), HasSubstr("6a11f0c2-3, "),
            HasSubstr("thaws itself in 12.500 s"), HasSubstr("not clean: 2 filesystems are frozen"),
            HasSubstr("expected and absent: db"), HasSubstr("memory is not locked")));
  StatusDocument idle;
  idle.not_ready = "no freezer is connected";
  EXPECT_THAT(render_status(idle),
              AllOf(HasSubstr("not ready: no freezer is connected"),
                    HasSubstr("open transaction   none"), HasSubstr("start vss-freezer")));
}

TEST(WritersJson, ComesBackAsItWas) {
  const WritersDocument document{{{.name = "bank", .level = 50, .timeout = base::seconds(2)},
                                  {.name = "db", .expected = true, .present = false}}};
  const auto read = writers_from_json(to_json(document));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(document));
  EXPECT_THAT(render_writers(*read),
              AllOf(HasSubstr("bank"), HasSubstr("2.000 s"), HasSubstr("expected, and absent")));
}

TEST(PlanText, ShowsVetoesFirstThenLayers) {
  PlanDocument plan;
  const auto mount = [](std::string_view at, wire::MountAction action, int layer) {
    wire::MountDetail detail;
    detail.mount_point = at;
    detail.action = action;
    detail.layer = layer;
    return to_part(detail, base::Instant{});
  };
  plan.mounts = {mount("/skipped", wire::MountAction::kSkip, -1),
                 mount("/below", wire::MountAction::kFreeze, 1),
                 mount("/above", wire::MountAction::kFreeze, 0),
                 mount("/bad", wire::MountAction::kVeto, -1)};
  plan.summary.to_freeze = 2;
  plan.success = false;
  plan.reason = "/bad cannot be explained";
  const std::string text = render_plan(plan, text::Strokes::kAscii, text::Folding::kAlike);
  EXPECT_THAT(text, AllOf(HasSubstr("  0  /above\n  1  /below\n"), HasSubstr("/skipped"),
                          HasSubstr("2 to freeze"), HasSubstr("A snapshot would fail: /bad")));
  EXPECT_THAT(to_json(plan), AllOf(HasSubstr("\"schema\":\"openvss.plan\""),
                                   HasSubstr("\"mount_point\":\"/bad\"")));
}

TEST(PlanText, SaysWhatNobodyLookedAt) {
  PlanDocument plan;
  const auto text = [&] { return render_plan(plan, text::Strokes::kAscii, text::Folding::kAlike); };
  EXPECT_THAT(text(), Not(HasSubstr("Warning")));
  plan.reason = "not looked at: 2 mount namespaces";
  EXPECT_THAT(text(), HasSubstr("\nWarning: not looked at: 2 mount namespaces\n"));
}

TEST(HistoryText, GivesTheReasonOfFailuresOnly) {
  auto good = summary_of(sample_record(1));
  auto bad = summary_of(sample_record(2));
  bad.result = coordinator::Result::kTorn;
  bad.sentence = "the hold deadline passed";
  const std::vector<RecordSummary> history{bad, good};
  EXPECT_THAT(render_history(history),
              AllOf(HasSubstr("the hold deadline passed"), Not(HasSubstr("everything held")),
                    HasSubstr("2025-11-22 18:05:10 UTC")));
  EXPECT_THAT(render_history({}), HasSubstr("No transaction"));
}

TEST(ExplainText, NamesPhasesPartsDeadlineAndWhatIsOutOfScope) {
  const std::string text = render_explain(sample_record());
  EXPECT_THAT(text, AllOf(HasSubstr("everything held until the requester's thaw"),
                          HasSubstr("held         5.140 s, budget 29.990 s"),
                          HasSubstr("writer bank (level 50)"), HasSubstr("0.033 s"),
                          HasSubstr("filesystem /srv/a (layer 0)"), HasSubstr("30.050 s"),
                          HasSubstr("hold deadline")));
  EXPECT_THAT(text, AllOf(HasSubstr("did not answer"), HasSubstr("Out of scope"),
                          HasSubstr("excluded by pattern /scratch*"),
                          HasSubstr("1 more mount has nothing to freeze"),
                          HasSubstr("memory could not be locked")));
}

TEST(ExplainText, LinesFitATerminal) {
  const std::string text = render_explain(sample_record());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_LE(end - at, 100U) << text.substr(at, end - at);
    at = end + 1;
  }
}

TEST(ExplainText, TenThousandWritersAreSummedUp) {
  auto record = sample_record();
  record.writers.resize(1);
  record.writers.resize(10'000, record.writers[0]);
  const std::string text = render_explain(record);
  EXPECT_LT(std::ranges::count(text, '\n'), 120);
  EXPECT_THAT(text, AllOf(HasSubstr("or less: 9992 more"), HasSubstr("and 9960 more")));
}

TEST(Timeline, PutsThePassedDeadlineInItsPlace) {
  auto record = sample_record();
  record.hold_deadline = base::milliseconds(5'150);
  record.automatic_thaw = true;
  const std::string text = render_timeline(record);
  EXPECT_LT(text.find("hold deadline: thawed automatically"), text.find("5.180 s"));
}

TEST(ExplainText, ControlCharactersDoNotReachTheTerminal) {
  auto record = sample_record();
  record.filesystems[0].mount_point = "/a\033[2J\n\xc2\x9b";
  record.sentence = "bad\rsentence";
  const std::string text = render_explain(record);
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
}

}  // namespace
}  // namespace vss::records
