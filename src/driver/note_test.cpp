#include "driver/note.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace vss::driver {
namespace {

constexpr base::TransactionId kFirst{(0x6a11f0c2ULL << 20) | 1};
const coordinator::OpenNote kHeld{.transaction = {kFirst.value + 2},
                                  .requester = "vssctl:812",
                                  .answered = true,
                                  .kind = coordinator::RequesterKind::kLocal,
                                  .selection = coordinator::Selection::kPaths,
                                  .require = coordinator::Grade::kApplication,
                                  .freezer_owes = true};

Note held_note(bool answered) {
  Note note{.open = kHeld, .first = kFirst};
  note.open->answered = answered;
  note.open->freezer_owes = answered;
  return note;
}

TEST(Note, IsReadBackAsWritten) {
  for (const bool answered : {true, false}) {
    const Note note = parse_note(to_text(held_note(answered)));
    EXPECT_EQ(note.first, kFirst);
    ASSERT_TRUE(note.open);
    EXPECT_EQ(note.open->transaction, kHeld.transaction);
    EXPECT_EQ(note.open->requester.view(), "vssctl:812");
    EXPECT_EQ(note.open->answered, answered);
    EXPECT_EQ(note.open->freezer_owes, answered);
    EXPECT_EQ(note.open->kind, kHeld.kind);
    EXPECT_EQ(note.open->selection, kHeld.selection);
    EXPECT_EQ(note.open->require, kHeld.require);
  }
}

TEST(Note, KeepsWhetherTheFreezerIsPlain) {
  Note note = held_note(true);
  EXPECT_FALSE(parse_note(to_text(note)).open->freezer_plain);
  note.open->freezer_plain = true;
  const auto open = parse_note(to_text(note)).open;
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->freezer_owes && open->freezer_plain);
  EXPECT_EQ(open->requester.view(), "vssctl:812");
}

TEST(Note, OfNothingOpenKeepsTheNumbers) {
  const Note note = parse_note(to_text(Note{.open = {}, .first = kFirst}));
  EXPECT_FALSE(note.open);
  EXPECT_EQ(note.first, kFirst);
}

TEST(Note, ThatIsNoneOfOursIsEmpty) {
  for (const std::string_view text :
       {"", "openvss note 2\n", "openvss note 2\nopen ", "openvss note 2\ndriver 1-x\n",
        "openvss note 1\ndriver 6a11f0c2-1\nopen 6a11f0c2-3 y\n"}) {
    const Note note = parse_note(text);
    EXPECT_FALSE(note.open || note.first.valid()) << text;
  }
  EXPECT_FALSE(parse_note(NoteText{}).first.valid());
}

TEST(NoteFile, HoldsTheLastThingWritten) {
  char path[] = "/tmp/vss-note-XXXXXX";
  base::UniqueFd file{::mkstemp(path)};
  ::unlink(path);
  NoteFile note(std::move(file));
  EXPECT_FALSE(note.read().first.valid());
  note.begin(note.read(), kFirst);
  note.write(kHeld);
  EXPECT_EQ(note.read().open->transaction, kHeld.transaction);
  note.close();
  EXPECT_FALSE(note.read().open);
  EXPECT_EQ(note.read().first, kFirst);
}

TEST(NoteFile, KeepsWhatItsPredecessorLeftOpenUntilItIsClosed) {
  char path[] = "/tmp/vss-note-XXXXXX";
  base::UniqueFd file{::mkstemp(path)};
  ::unlink(path);
  NoteFile note(std::move(file));
  note.begin(held_note(true), {kFirst.value + (1ULL << 20)});
  EXPECT_EQ(note.read().open->transaction, kHeld.transaction);
}

}  // namespace
}  // namespace vss::driver
