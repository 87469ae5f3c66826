#include "driver/note.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace vss::driver {
namespace {

const coordinator::WriteNote kHeld{
    .transaction = {(0x6a11f0c2ULL << 20) | 3}, .requester = "vssctl:812", .answered = true};

TEST(Note, IsReadBackAsWritten) {
  const auto found = parse_note(to_text(kHeld));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->transaction, kHeld.transaction);
  EXPECT_EQ(found->requester.view(), "vssctl:812");
  EXPECT_TRUE(found->answered);
  coordinator::WriteNote open = kHeld;
  open.answered = false;
  EXPECT_FALSE(parse_note(to_text(open))->answered);
}

TEST(Note, OfNothingOpenIsNothing) {
  EXPECT_FALSE(parse_note(closed_note()));
}

TEST(Note, ThatIsNoneOfOursIsNothing) {
  for (const std::string_view text :
       {"", "openvss note 1\n", "openvss note 1\nopen ", "openvss note 1\nopen 1-x y\n",
        "openvss note 1\nanswered 6a11f0c2-3\n", "openvss note 2\nopen 6a11f0c2-3 y\n"}) {
    EXPECT_FALSE(parse_note(text)) << text;
  }
  const NoteText zeros{};
  EXPECT_FALSE(parse_note(zeros));
}

TEST(NoteFile, HoldsTheLastThingWritten) {
  char path[] = "/tmp/vss-note-XXXXXX";
  base::UniqueFd file{::mkstemp(path)};
  ::unlink(path);
  NoteFile note(std::move(file));
  EXPECT_FALSE(note.read());
  note.write(kHeld);
  EXPECT_EQ(note.read()->transaction, kHeld.transaction);
  note.close();
  EXPECT_FALSE(note.read());
}

}  // namespace
}  // namespace vss::driver
