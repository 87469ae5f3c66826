// The note: which transaction is open, and which numbers were used, where a driver that comes after
// a killed one finds it.
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

struct Note {
  std::optional<coordinator::OpenNote> open;
  base::TransactionId first;  // that its driver gave out; all others share the upper bits
};

// A few lines a person can read too, padded with line ends. Pure.
NoteText to_text(const Note& note);
// Empty: the file is new. A text that is none of ours is empty as well: the service has nothing to
// lose but the once-only failure of a THAW.
Note parse_note(std::span<const char> text);

// The open file (driver/note, on tmpfs). One small write each time; freeze-safe.
class NoteFile {
 public:
  explicit NoteFile(base::UniqueFd file) : file_(std::move(file)) {}

  Note read() const;
  // Takes over what was found open, under this driver's first number.
  void begin(const Note& found, base::TransactionId first);
  void write(const coordinator::OpenNote& note);
  void close();

 private:
  void store();

  base::UniqueFd file_;
  Note note_;  // as it stands in the file
};

}  // namespace vss::driver
