#include "records/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records/json_parts.hpp"
#include "records/sample_record.hpp"

namespace vss::records {
namespace {

using ::testing::HasSubstr;
using testing::sample_record;

// The text with one piece replaced.
std::string altered(std::string_view from, std::string_view to) {
  std::string text = to_json(sample_record());
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(std::string_view text) {
  const auto record = record_from_json(text);
  return record ? "(accepted)" : record.error().message;
}

TEST(RecordJson, ComesBackAsItWas) {
  const std::string text = to_json(sample_record());
  const auto record = record_from_json(text);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(to_json(*record), text);
  EXPECT_EQ(record->id, sample_record().id);
  EXPECT_EQ(record->paths, sample_record().paths);
  EXPECT_EQ(record->hold_deadline, sample_record().hold_deadline);
  EXPECT_EQ(record->grade, coordinator::Grade::kApplication);
  EXPECT_EQ(record->filesystems.at(0).thaw_time, base::milliseconds(12));
  EXPECT_EQ(record->writers.at(1).fate, coordinator::WriterFate::kTimedOut);
  EXPECT_TRUE(record->counts.plan_changed);
  ASSERT_TRUE(record->flush);
  EXPECT_EQ(record->flush->written, 610'000'000U);
  EXPECT_EQ(record->flush->predicted_stall, base::milliseconds(44));
  EXPECT_EQ(record->flush->measured_stall, base::milliseconds(33));
}

TEST(RecordJson, ARecordOfBeforePreSyncWasToldIsRead) {
  auto sample = sample_record();
  sample.flush.reset();
  std::string text = to_json(sample);
  const std::string member = "\"flush\":null,";
  const auto at = text.find(member);
  ASSERT_NE(at, std::string::npos);
  EXPECT_FALSE(record_from_json(text)->flush);
  text.erase(at, member.size());
  const auto record = record_from_json(text);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_FALSE(record->flush);
}

// They are written one by one, so that ten thousand take no more memory than their text.
TEST(RecordJson, WritersAreWrittenAsTheRestOfTheDocumentWouldWriteThem) {
  for (const std::size_t writers : {0U, 1U, 3U}) {
    TransactionRecord record = sample_record();
    record.writers.resize(writers, record.writers.front());
    EXPECT_EQ(to_json(record), dump(record_json(record)));
  }
}

TEST(RecordJson, EveryWordOfEveryEnumComesBack) {
  auto record = sample_record();
  for (int i = 0; i < kResults; ++i) {
    record.result = static_cast<coordinator::Result>(i);
    EXPECT_EQ(record_from_json(to_json(record))->result, record.result);
  }
  for (int i = 0; i < kWriterFates; ++i) {
    record.writers[0].fate = static_cast<coordinator::WriterFate>(i);
    EXPECT_EQ(record_from_json(to_json(record))->writers[0].fate, record.writers[0].fate);
  }
  for (int i = 0; i < static_cast<int>(coordinator::kPhases); ++i) {
    record.phases[0].phase = static_cast<coordinator::Phase>(i);
    EXPECT_EQ(record_from_json(to_json(record))->phases[0].phase, record.phases[0].phase);
  }
  for (int i = 0; i < kMountResults; ++i) {
    record.filesystems[0].result = static_cast<wire::MountResult>(i);
    EXPECT_EQ(record_from_json(to_json(record))->filesystems[0].result,
              record.filesystems[0].result);
  }
}

TEST(RecordJson, KnowsTheLastWordOfEveryEnum) {
  EXPECT_EQ(to_text(static_cast<coordinator::Result>(kResults)), "unknown");
  EXPECT_EQ(to_text(static_cast<coordinator::WriterFate>(kWriterFates)), "unknown");
  EXPECT_EQ(to_text(static_cast<coordinator::Grade>(kGrades)), "unknown");
  EXPECT_EQ(to_text(static_cast<coordinator::Selection>(kSelections)), "unknown");
  EXPECT_EQ(to_text(static_cast<wire::MountAction>(kMountActions)), "unknown");
  EXPECT_EQ(to_text(static_cast<wire::MountResult>(kMountResults)), "unknown");
}

TEST(RecordJson, BytesThatAreNoTextDoNotStopIt) {
  auto record = sample_record();
  record.filesystems[0].mount_point = "/mnt/\xff\xfe";
  EXPECT_TRUE(record_from_json(to_json(record)));
}

TEST(RecordJson, MembersOfNewerProgramsAreIgnored) {
  EXPECT_TRUE(
      record_from_json(altered("\"check_only\"", "\"new_thing\":{\"a\":[1]},\"check_only\"")));
}

TEST(RecordJson, WrongTextsAreRefusedByName) {
  EXPECT_THAT(refusal(""), HasSubstr("no JSON text"));
  EXPECT_THAT(refusal("[]"), HasSubstr("not an object"));
  EXPECT_THAT(refusal(to_json(sample_record()).substr(0, 400)), HasSubstr("cut off"));
  EXPECT_THAT(refusal(altered("openvss.record", "openvss.status")),
              HasSubstr("schema \"openvss.status\""));
  EXPECT_THAT(refusal(altered("\"version\":1", "\"version\":2")), HasSubstr("schema version 2"));
  EXPECT_THAT(refusal(altered("\"6a11f0c2-3\"", "\"6A11F0C2-3\"")),
              HasSubstr("record.id must be a transaction's id"));
  EXPECT_THAT(refusal(altered("\"6a11f0c2-3\"", "null")), HasSubstr("record.id is missing"));
  EXPECT_THAT(refusal(altered("\"sentence\"", "\"sentense\"")),
              HasSubstr("record.sentence is missing"));
  EXPECT_THAT(refusal(altered("\"late_answers\":1", "\"late_answers\":-1")),
              HasSubstr("record.late_answers must be a whole number in range"));
  EXPECT_THAT(refusal(altered("\"late_answers\":1", "\"late_answers\":1.5")),
              HasSubstr("record.late_answers"));
  EXPECT_THAT(refusal(altered("\"ended_us\":5200000", "\"ended_us\":9223372036854775807")),
              HasSubstr("record.ended_us must be a length of time in range"));
  EXPECT_THAT(refusal(altered("\"level\":150", "\"level\":\"x\"")),
              HasSubstr("record.writers: writer.level"));
  EXPECT_THAT(refusal(altered("\"to_freeze\":2", "\"to_freeze\":true")),
              HasSubstr("counts.to_freeze"));
}

TEST(RecordJson, EveryPrefixIsRefusedWithoutHarm) {
  const std::string text = to_json(sample_record());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(record_from_json(std::string_view(text).substr(0, size))) << size;
  }
}

TEST(RecordJson, DeepNestingIsRefusedWithoutHarm) {
  EXPECT_FALSE(record_from_json(std::string(200'000, '[')));
}

TEST(HistoryJson, ComesBackAsItWas) {
  const std::vector<RecordSummary> history{summary_of(sample_record(4)),
                                           summary_of(sample_record(3))};
  const auto read = history_from_json(to_json(history));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(0).id, history[0].id);
  EXPECT_EQ(read->at(1).hold, base::milliseconds(5'140));
  EXPECT_EQ(read->at(1).sentence, history[1].sentence);
}

}  // namespace
}  // namespace vss::records
