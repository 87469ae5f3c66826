#include "driver/note.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace vss::driver {
namespace {

constexpr std::string_view kHeading = "openvss note 1\n";
constexpr std::string_view kOpen = "open ";
constexpr std::string_view kAnswered = "answered ";
constexpr std::string_view kNone = "none\n";

NoteText padded(std::string_view text) {
  NoteText padded_text;
  padded_text.fill('\n');
  std::copy_n(text.data(), std::min(text.size(), kNoteBytes - 1), padded_text.data());
  return padded_text;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

NoteText to_text(const coordinator::WriteNote& note) {
  base::FixedText<kNoteBytes> text{kHeading};
  text.append(note.answered ? kAnswered : kOpen).append(base::to_text(note.transaction));
  return padded(text.append(" ").append(note.requester).append("\n"));
}

NoteText closed_note() {
  return padded(base::FixedText<kNoteBytes>{kHeading}.append(kNone));
}

std::optional<coordinator::NoteFound> parse_note(std::span<const char> bytes) {
  std::string_view text{bytes.data(), bytes.size()};
  if (!take_prefix(text, kHeading)) return std::nullopt;
  coordinator::NoteFound note;
  note.answered = take_prefix(text, kAnswered);
  if (!note.answered && !take_prefix(text, kOpen)) return std::nullopt;
  const auto space = text.find(' ');
  const auto end = text.find('\n');
  if (space == std::string_view::npos || end == std::string_view::npos || end < space) {
    return std::nullopt;
  }
  const auto id = base::parse_transaction_id(text.substr(0, space));
  if (!id) return std::nullopt;
  note.transaction = *id;
  note.requester = coordinator::Name{text.substr(space + 1, end - space - 1)};
  return note;
}

std::optional<coordinator::NoteFound> NoteFile::read() const {
  NoteText text{};
  const ssize_t size = ::pread(file_.get(), text.data(), text.size(), 0);
  return size <= 0 ? std::nullopt : parse_note({text.data(), static_cast<std::size_t>(size)});
}

void NoteFile::write(const NoteText& text) {
  // tmpfs, pages present since the start: it neither waits nor fails.
  [[maybe_unused]] const ssize_t size = ::pwrite(file_.get(), text.data(), text.size(), 0);
}

}  // namespace vss::driver
