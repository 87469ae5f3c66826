#include "freezer/slots.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "freezer/recovery.hpp"
#include "freezer/thawed_page.hpp"

namespace vss::freezer {
namespace {

using ::testing::HasSubstr;

class SlotsFile : public ::testing::Test {
 protected:
  SlotsFile() {
    std::string name = ::testing::TempDir() + "/slots-XXXXXX";
    directory = ::mkdtemp(name.data());
    std::filesystem::create_directory(directory + "/freezer");
    path = directory + "/freezer/slots";
  }
  ~SlotsFile() override { std::filesystem::remove_all(directory); }
  std::string directory, path;
};

TEST_F(SlotsFile, IsMadeWithAllItsMemoryAndSeenByOthers) {
  auto first = SlotTable::open(path);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(std::filesystem::file_size(path), SlotTable::kFileBytes);
  EXPECT_TRUE(first->all_closed());
  first->begin();
  SlotIdentity identity;
  identity.device = {8, 3};
  identity.mount_point = "/srv";
  first->add(0, identity);
  EXPECT_EQ(first->count(), 0U);  // nothing is there before commit
  first->commit({42}, 1);
  auto second = SlotTable::open(path);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->generation().value, 42U);
  ASSERT_EQ(second->count(), 1U);
  EXPECT_EQ((*second)[0].mount_point.view(), "/srv");
  EXPECT_FALSE(second->all_closed());
}

TEST_F(SlotsFile, WhoOnlyLooksIsToldHowManyAreOpenAndMakesNoFile) {
  EXPECT_EQ(count_open_slots(path), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(path));
  auto table = SlotTable::open(path);
  ASSERT_TRUE(table);
  EXPECT_EQ(count_open_slots(path), 0U);
  table->begin();
  table->add(0, {});
  table->add(1, {});
  table->commit({42}, 2);
  EXPECT_EQ(count_open_slots(path), 2U);
  SlotState closed;
  closed.state = State::kClosed;
  (*table)[0].store(closed);
  EXPECT_EQ(count_open_slots(path), 1U);
  table->header().count = 1'000'000;
  EXPECT_LE(count_open_slots(path), base::kFilesystemsMax);
  table->header().magic = 1;
  EXPECT_EQ(count_open_slots(path), std::nullopt);
}

TEST_F(SlotsFile, ForeignContentsAreRefusedWithTheRemedy) {
  std::ofstream(path) << std::string(100, 'x');
  const auto table = SlotTable::open(path);
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message, HasSubstr(path));
  EXPECT_THAT(table.error().message, HasSubstr("remove the file"));
}

TEST_F(SlotsFile, ACountBeyondTheFileIsCut) {
  auto table = SlotTable::open(path);
  ASSERT_TRUE(table);
  table->header().count = 1'000'000;
  EXPECT_EQ(table->count(), base::kFilesystemsMax);
}

TEST_F(SlotsFile, IsNoSymbolicLink) {
  std::filesystem::create_symlink("/etc/hostname", path);
  EXPECT_FALSE(SlotTable::open(path));
}

TEST_F(SlotsFile, HasOneOwner) {
  auto first = OwnerLock::take(directory);
  ASSERT_TRUE(first) << first.error().message;
  const auto holder = OwnerLock::holder(directory);
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->process, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(holder->start, platform::current_thread().start);
  const auto second = OwnerLock::take(directory);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_errno, EWOULDBLOCK);
  EXPECT_THAT(second.error().message, HasSubstr("another vss-freezer"));
}

TEST_F(SlotsFile, TheThawedMarkNeverGoesBack) {
  auto page = ThawedPage::open(directory + "/freezer/thawed");
  ASSERT_TRUE(page);
  page->publish({7});
  page->publish({3});
  EXPECT_EQ(page->last().value, 7U);
  auto reader = platform::map_shared(page->reader_descriptor(), 8, false);
  ASSERT_TRUE(reader);
  EXPECT_EQ(*reinterpret_cast<std::uint64_t*>(reader->data()), 7U);
  EXPECT_FALSE(platform::map_shared(page->reader_descriptor(), 8, true));
}

TEST(SharedText, IsCutAndAlwaysEnds) {
  SharedText<4> text{};
  text.store("abcdef");
  EXPECT_EQ(text.view(), "abc");
  text.bytes = {'w', 'x', 'y', 'z'};  // as damaged
  EXPECT_EQ(text.view().size(), 4U);
}

}  // namespace
}  // namespace vss::freezer
