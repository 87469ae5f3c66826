// The note: which transaction is open, where a driver that comes after a killed one finds it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "base/unique_fd.hpp"
#include "coordinator/actions.hpp"
#include "coordinator/events.hpp"

namespace vss::driver {

inline constexpr std::size_t kNoteBytes = 256;
using NoteText = std::array<char, kNoteBytes>;

// A few lines a person can read too, padded with line ends. Pure.
NoteText to_text(const coordinator::WriteNote& note);
NoteText closed_note();
// Nothing: no transaction was open, or the file is new. A text that is none of ours is nothing as
// well: the service has nothing to lose but the once-only failure of a THAW.
std::optional<coordinator::NoteFound> parse_note(std::span<const char> text);

// The open file (driver/note, on tmpfs). One small write each time; freeze-safe.
class NoteFile {
 public:
  explicit NoteFile(base::UniqueFd file) : file_(std::move(file)) {}
  std::optional<coordinator::NoteFound> read() const;
  void write(const coordinator::WriteNote& note) { write(to_text(note)); }
  void close() { write(closed_note()); }

 private:
  void write(const NoteText& text);
  base::UniqueFd file_;
};

}  // namespace vss::driver
