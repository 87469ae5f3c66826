#include "records/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "records/json.hpp"
#include "records/sample_record.hpp"

namespace vss::records {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::id_at;
using testing::sample_record;

class RecordStoreTest : public ::testing::Test {
 protected:
  RecordStoreTest() {
    std::string name = (fs::temp_directory_path() / "openvss-records-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) directory_ = name;
  }
  ~RecordStoreTest() override { fs::remove_all(directory_); }

  RecordStore open(std::size_t keep = kRecordsKept) {
    auto store = RecordStore::open(directory_, keep);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_ + "/records")) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  std::string directory_;
};

TEST_F(RecordStoreTest, RecordsSurviveARestart) {
  open().add(sample_record(3)).value();
  const auto store = open();
  EXPECT_TRUE(store.warnings().empty());
  EXPECT_EQ(store.highest(), sample_record(3).id);
  EXPECT_EQ(store.newest()->sentence, sample_record(3).sentence);
  EXPECT_EQ(store.record_json(std::nullopt, RecordStore::Source::kMemoryOnly),
            to_json(sample_record(3)));
}

TEST_F(RecordStoreTest, HistoryIsNewestFirst) {
  auto store = open();
  store.add(sample_record(3)).value();
  store.add(sample_record(10)).value();
  const auto history = history_from_json(store.history_json()).value();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].id, sample_record(10).id);
}

TEST_F(RecordStoreTest, OldestGoBeyondTheLimit) {
  auto store = open(2);
  for (std::uint64_t i = 1; i <= 4; ++i)
    store.add(sample_record(i)).value();
  EXPECT_THAT(files(), ElementsAre("6a11f0c2-3.json", "6a11f0c2-4.json"));
  EXPECT_FALSE(store.record_json(sample_record(1).id, RecordStore::Source::kDiskToo));
  EXPECT_EQ(history_from_json(open(1).history_json())->size(), 1U);
  EXPECT_THAT(files(), ElementsAre("6a11f0c2-4.json"));
}

TEST_F(RecordStoreTest, UnusableFilesAreNamedAndLeftAlone) {
  open().add(sample_record(3)).value();
  const std::string records = directory_ + "/records/";
  std::ofstream(records + "6a11f0c2-9.json") << "{\"schema\":";
  fs::copy(records + "6a11f0c2-3.json", records + "6a11f0c2-5.json");
  ASSERT_EQ(::mkfifo((records + "6a11f0c2-6.json").c_str(), 0600), 0);
  fs::create_symlink("6a11f0c2-3.json", records + "6a11f0c2-7.json");
  std::ofstream(records + "notes.txt") << "mine";
  const auto store = open();
  EXPECT_THAT(store.warnings(),
              ElementsAre(HasSubstr("6a11f0c2-5.json was skipped: it is of another transaction"),
                          HasSubstr("6a11f0c2-6.json was skipped"),
                          HasSubstr("6a11f0c2-7.json was skipped"),
                          HasSubstr("6a11f0c2-9.json was skipped")));
  EXPECT_EQ(files().size(), 6U);
  // Its number was given out all the same.
  EXPECT_EQ(store.highest(), sample_record(9).id);
  EXPECT_EQ(history_from_json(store.history_json())->size(), 1U);
}

TEST_F(RecordStoreTest, LeftoversOfACrashAreRemoved) {
  open().add(sample_record(3)).value();
  std::ofstream(directory_ + "/records/6a11f0c2-4.json.tmp") << "{";
  EXPECT_TRUE(open().warnings().empty());
  EXPECT_THAT(files(), ElementsAre("6a11f0c2-3.json"));
}

TEST_F(RecordStoreTest, WhatCannotBeWrittenStaysInMemory) {
  auto store = open();
  fs::remove_all(directory_ + "/records");
  const auto status = store.add(sample_record(3));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("6a11f0c2-3.json"));
  EXPECT_TRUE(store.record_json(std::nullopt, RecordStore::Source::kMemoryOnly));
}

TEST_F(RecordStoreTest, OldTextsLeaveMemoryButNotTheHistory) {
  auto store = open();
  auto large = sample_record(1);
  large.note.assign(RecordStore::kMemoryBytesMax / 2, 'x');
  for (std::uint64_t i = 1; i <= 3; ++i) {
    large.id = id_at(0x6a11f0c2, i);
    store.add(large).value();
  }
  const auto in_memory = store.record_json(id_at(0x6a11f0c2, 1), RecordStore::Source::kMemoryOnly);
  ASSERT_FALSE(in_memory);
  EXPECT_THAT(in_memory.error().message, HasSubstr("ask again after the thaw"));
  EXPECT_TRUE(store.record_json(id_at(0x6a11f0c2, 1), RecordStore::Source::kDiskToo));
  EXPECT_TRUE(store.record_json(id_at(0x6a11f0c2, 3), RecordStore::Source::kMemoryOnly));
  EXPECT_EQ(history_from_json(store.history_json())->size(), 3U);
  EXPECT_LT(store.heap_bytes(), RecordStore::kMemoryBytesMax);
}

TEST_F(RecordStoreTest, EmptyStoreSaysSo) {
  const auto store = open();
  EXPECT_FALSE(store.newest());
  EXPECT_FALSE(store.highest().valid());
  EXPECT_THAT(store.record_json(std::nullopt, RecordStore::Source::kDiskToo).error().message,
              HasSubstr("no transaction was recorded"));
}

TEST_F(RecordStoreTest, MissingStateDirectoryIsAnError) {
  const auto store = RecordStore::open(directory_ + "/absent");
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("/absent does not exist"));
}

}  // namespace
}  // namespace vss::records
