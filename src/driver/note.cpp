#include "driver/note.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace vss::driver {
namespace {

constexpr std::string_view kHeading = "openvss note 1\n";
constexpr std::string_view kDriver = "driver ";
constexpr std::string_view kOpen = "open ";
constexpr std::string_view kAnswered = "answered ";

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

}  // namespace

NoteText to_text(const Note& note) {
  base::FixedText<kNoteBytes - 1> text{kHeading};
  text.append(kDriver).append(base::to_text(note.first)).append("\n");
  if (note.open) {
    text.append(note.open->answered ? kAnswered : kOpen);
    text.append(base::to_text(note.open->transaction)).append(" ");
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
  const bool answered = take_prefix(text, kAnswered);
  if (!answered && !take_prefix(text, kOpen)) return note;
  const auto id = take_id(text, ' ');
  const auto requester = take_until(text, '\n');
  if (!id || !requester) return note;
  note.open = coordinator::NoteFound{
      .transaction = *id, .requester = coordinator::Name{*requester}, .answered = answered};
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

void NoteFile::write(const coordinator::WriteNote& note) {
  note_.open = coordinator::NoteFound{
      .transaction = note.transaction, .requester = note.requester, .answered = note.answered};
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
