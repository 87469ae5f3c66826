#include "driver/note.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "records/words.hpp"

namespace vss::driver {
namespace {

constexpr std::string_view kHeading = "openvss note 2\n";
constexpr std::string_view kDriver = "driver ";
constexpr std::string_view kOpen = "open ";
constexpr std::string_view kAnswered = "answered ";
constexpr std::string_view kFreezer = "freezer ";
constexpr std::string_view kPlainFreezer = "daemon ";
constexpr std::string_view kNoFreezer = "- ";

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Up to `end`, which goes too. Nothing: there is no `end`.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

std::optional<base::TransactionId> take_id(std::string_view& text, char end) {
  const auto word = take_until(text, end);
  return word ? base::parse_transaction_id(*word) : std::nullopt;
}

using coordinator::to_text;
using records::to_text;

// The word of one of an enumeration's values, which count up from 0 and have a to_text().
template <typename Enum>
bool take_word(std::string_view& text, Enum last, Enum& value) {
  const auto word = take_until(text, ' ');
  for (int i = 0; word && i <= static_cast<int>(last); ++i) {
    if (to_text(static_cast<Enum>(i)) != *word) continue;
    value = static_cast<Enum>(i);
    return true;
  }
  return false;
}

// "open 6a11f0c2-3 local all filesystem freezer vssctl:812"
std::optional<coordinator::OpenNote> parse_open(std::string_view text) {
  coordinator::OpenNote open;
  open.answered = take_prefix(text, kAnswered);
  if (!open.answered && !take_prefix(text, kOpen)) return std::nullopt;
  const auto id = take_id(text, ' ');
  const bool words = id && take_word(text, coordinator::RequesterKind::kLocal, open.kind) &&
                     take_word(text, coordinator::Selection::kPaths, open.selection) &&
                     take_word(text, coordinator::Grade::kApplication, open.require);
  open.freezer_plain = words && take_prefix(text, kPlainFreezer);
  open.freezer_owes = open.freezer_plain || (words && take_prefix(text, kFreezer));
  if (!words || (!open.freezer_owes && !take_prefix(text, kNoFreezer))) return std::nullopt;
  const auto requester = take_until(text, '\n');
  if (!requester) return std::nullopt;
  open.transaction = *id;
  open.requester = coordinator::Name{*requester};
  return open;
}

}  // namespace

NoteText to_text(const Note& note) {
  base::FixedText<kNoteBytes - 1> text{kHeading};
  text.append(kDriver).append(base::to_text(note.first)).append("\n");
  if (note.open) {
    text.append(note.open->answered ? kAnswered : kOpen);
    text.append(base::to_text(note.open->transaction)).append(" ");
    text.append(to_text(note.open->kind)).append(" ");
    text.append(to_text(note.open->selection)).append(" ");
    text.append(to_text(note.open->require)).append(" ");
    const std::string_view freezer = note.open->freezer_plain ? kPlainFreezer : kFreezer;
    text.append(note.open->freezer_owes ? freezer : kNoFreezer);
    text.append(note.open->requester);
  }
  NoteText padded;
  padded.fill('\n');
  std::copy_n(text.view().data(), text.size(), padded.data());
  return padded;
}

Note parse_note(std::span<const char> bytes) {
  std::string_view text{bytes.data(), bytes.size()};
  Note note;
  if (!take_prefix(text, kHeading) || !take_prefix(text, kDriver)) return {};
  const auto first = take_id(text, '\n');
  if (!first) return {};
  note.first = *first;
  note.open = parse_open(text);
  return note;
}

Note NoteFile::read() const {
  NoteText text{};
  const ssize_t size = ::pread(file_.get(), text.data(), text.size(), 0);
  return size <= 0 ? Note{} : parse_note({text.data(), static_cast<std::size_t>(size)});
}

void NoteFile::begin(const Note& found, base::TransactionId first) {
  note_ = found;
  note_.first = first;
  store();
}

void NoteFile::write(const coordinator::OpenNote& note) {
  note_.open = note;
  store();
}

void NoteFile::close() {
  note_.open.reset();
  store();
}

void NoteFile::store() {
  const NoteText text = to_text(note_);
  // tmpfs, pages present since the start: it neither waits nor fails.
  [[maybe_unused]] const ssize_t size = ::pwrite(file_.get(), text.data(), text.size(), 0);
}

}  // namespace vss::driver
