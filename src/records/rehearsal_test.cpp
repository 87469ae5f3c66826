#include "records/rehearsal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records/json_object.hpp"
#include "records/sample_record.hpp"

namespace vss::records {
namespace {

using base::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

RehearsalDocument sample_rehearsal() {
  RehearsalDocument rehearsal;
  rehearsal.grade = coordinator::Grade::kApplication;
  rehearsal.transaction = testing::id_at(0x6a11f0c2, 3);
  rehearsal.stalls = {{.mount_point = "/srv/a",
                       .measured = milliseconds(5'130),
                       .writes = 120,
                       .not_measured = "",
                       .frozen = {}},
                      {.mount_point = "/srv/b",
                       .measured = {},
                       .writes = 0,
                       .not_measured = "its mount is read-only",
                       .frozen = {}}};
  rehearsal.record = testing::sample_record();
  complete(rehearsal);
  return rehearsal;
}

TEST(Rehearsal, TakesFromTheRecordWhatItTells) {
  const auto rehearsal = sample_rehearsal();
  EXPECT_EQ(rehearsal.held, milliseconds(5'140));
  // Its freeze began at 71 ms, and thawing ended at 5180 ms.
  EXPECT_EQ(rehearsal.stalls[0].frozen, milliseconds(5'109));
  EXPECT_EQ(rehearsal.stalls[1].frozen, std::nullopt);  // not in the record
}

TEST(Rehearsal, WithoutARecordTheStallsStand) {
  auto rehearsal = sample_rehearsal();
  rehearsal.record.reset();
  rehearsal.held.reset();
  rehearsal.stalls[0].frozen.reset();
  complete(rehearsal);
  EXPECT_THAT(render_rehearsal(rehearsal), AllOf(HasSubstr("5.130 s"), Not(HasSubstr("Timeline"))));
  EXPECT_THAT(to_json(rehearsal), HasSubstr("\"record\":null"));
}

TEST(Rehearsal, TextHasVerdictStallsAndTimeline) {
  EXPECT_THAT(
      render_rehearsal(sample_rehearsal()),
      AllOf(HasSubstr("Rehearsal 6a11f0c2-3: a copy would have been application-consistent\n"),
            HasSubstr("applications were held for 5.140 s"),
            HasSubstr("/srv/a      5.130 s  5.109 s  the longest gap between two of 120 writes"),
            HasSubstr("/srv/b      -        -        stall not measured: its mount is read-only"),
            HasSubstr("Timeline\n")));
}

TEST(Rehearsal, OneThatWasNotGoodSaysWhy) {
  auto rehearsal = sample_rehearsal();
  rehearsal.problem = "the guardian thawed /srv/a";
  EXPECT_THAT(render_rehearsal(rehearsal),
              HasSubstr("a copy would not have been good: the guardian thawed /srv/a\n"));
}

// The schema's members are promised: docs/records.md.
TEST(RehearsalJson, IsAsThePageSays) {
  auto rehearsal = sample_rehearsal();
  rehearsal.record.reset();
  EXPECT_EQ(to_json(rehearsal),
            R"({"schema":"openvss.rehearsal","version":1,"success":true,"problem":"",)"
            R"("transaction":"6a11f0c2-3","grade":"application","held_us":5140000,"stalls":[)"
            R"({"mount_point":"/srv/a","measured_us":5130000,"writes":120,"not_measured":"",)"
            R"("frozen_us":5109000},{"mount_point":"/srv/b","measured_us":null,"writes":0,)"
            R"("not_measured":"its mount is read-only","frozen_us":null}],"record":null})");
  const auto whole = parse_document(to_json(sample_rehearsal()), "openvss.rehearsal");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ((*whole)["record"]["schema"], "openvss.record");
}

}  // namespace
}  // namespace vss::records
