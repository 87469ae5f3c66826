#include "plan/mount_table.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "plan/mount_point_index.hpp"

namespace vss::plan {
namespace {

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// The byte that an escape at the front of `text` stands for: \ and three octal digits, as the
// kernel writes space, tab, newline, # and \. Any other backslash is an ordinary byte.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < 4 || text[0] != '\\' || text[1] > '3') return std::nullopt;
  if (!is_octal(text[1]) || !is_octal(text[2]) || !is_octal(text[3])) return std::nullopt;
  return static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
}

// Takes one line apart, field by field; each step is false where the line is malformed, and error()
// then says where. Resolved texts are written to `out`, which has room for the whole line.
class LineParser {
 public:
  LineParser(std::string_view line, std::size_t number, char* out)
      : line_(line), number_(number), out_(out) {}

  bool parse(Mount& mount) {
    return number("the mount id is no number", ' ', mount.id) &&
           number("the parent's id is no number", ' ', mount.parent_id) &&
           number("the device is no MAJOR:MINOR", ':', mount.device.major) &&
           number("the device is no MAJOR:MINOR", ' ', mount.device.minor) &&
           text("the root is missing", mount.root) && mount_point(mount) &&
           text("the mount's options are missing", mount.mount_options) &&
           optional_fields(mount.propagation) &&
           text("the filesystem's type is missing", mount.type) && source(mount.source) &&
           super_options(mount.super_options);
  }
  MountTableError error() const { return {number_, field_ + 1, wrong_}; }
  char* out() const { return out_; }

 private:
  bool wrong(const char* what) {
    wrong_ = what;
    return false;
  }

  // The bytes up to the next space, which is skipped; false at the end of the line.
  bool next_field(std::string_view& field) {
    field_ = std::min(at_, line_.size());
    if (at_ > line_.size()) return false;
    const std::size_t end = std::min(line_.find(' ', at_), line_.size());
    field = line_.substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }

  bool number(const char* what, char end, std::uint32_t& value) {
    field_ = std::min(at_, line_.size());
    const char* const last = line_.data() + line_.size();
    const auto [stop, error] = std::from_chars(line_.data() + field_, last, value);
    if (error != std::errc{} || stop == last || *stop != end) return wrong(what);
    at_ = static_cast<std::size_t>(stop - line_.data()) + 1;
    return true;
  }

  // Resolves escapes into the table's memory.
  bool resolve(std::string_view field, std::string_view& result) {
    char* const begin = out_;
    for (std::size_t i = 0; i < field.size();) {
      const auto byte = escaped_byte(field.substr(i));
      if (byte == '\0') return wrong("a text holds a NUL byte");
      *out_++ = byte.value_or(field[i]);
      i += byte ? 4 : 1;
    }
    result = {begin, static_cast<std::size_t>(out_ - begin)};
    return true;
  }

  bool text(const char* what_if_missing, std::string_view& result) {
    std::string_view field;
    if (!next_field(field) || field.empty()) return wrong(what_if_missing);
    return resolve(field, result);
  }

  bool mount_point(Mount& mount) {
    if (!text("the mount point is missing", mount.mount_point)) return false;
    if (mount.mount_point.front() != '/') return wrong("the mount point is no absolute path");
    if (mount.mount_point.size() > base::kPathBytesMax) return wrong("the mount point is too long");
    return true;
  }

  // Any number of "tag[:value]", ended by "-".
  bool optional_fields(std::string_view& propagation) {
    const std::size_t begin = at_;
    std::string_view field;
    while (next_field(field)) {
      if (field == "-") {
        const std::size_t end = field_ == begin ? begin : field_ - 1;
        return resolve(line_.substr(begin, end - begin), propagation);
      }
      if (field.empty()) return wrong("an optional field is empty");
    }
    return wrong("the separator - is missing");
  }

  // May be empty: two spaces then stand side by side.
  bool source(std::string_view& result) {
    std::string_view field;
    if (!next_field(field)) return wrong("the source is missing");
    return resolve(field, result);
  }

  // The rest of the line, as it is.
  bool super_options(std::string_view& result) {
    field_ = std::min(at_, line_.size());
    const std::string_view rest = line_.substr(field_);
    if (rest.empty()) return wrong("the filesystem's options are missing");
    result = {out_, rest.size()};
    out_ = std::copy(rest.begin(), rest.end(), out_);
    return true;
  }

  std::string_view line_;
  std::size_t number_;
  char* out_;
  std::size_t at_ = 0;     // where the next field begins; past the line's end: there is none
  std::size_t field_ = 0;  // where the field that is looked at begins
  const char* wrong_ = "";
};

}  // namespace

base::FixedText<24> to_text(DeviceNumber device) {
  base::FixedText<24> text;
  return text.append_number(device.major).append(":").append_number(device.minor);
}

base::Error to_error(const MountTableError& error, std::string_view where) {
  return base::fail(std::string(where) + ": line " + std::to_string(error.line) + ", column " +
                    std::to_string(error.column) + ": " + error.what)
      .error();
}

void MountTable::reserve(std::size_t bytes, std::size_t mounts) {
  text_.reserve(bytes);
  mounts_.reserve(mounts);
}

std::expected<void, MountTableError> MountTable::parse(std::string_view text) {
  more_used_ = 0;
  known_.clear();
  mounts_.clear();
  text_.resize(text.size());  // views into it stay valid: resolved texts are never longer
  const auto all = [](const MountTable&, const Mount&) { return true; };
  auto parsed = parse_lines(text, text_.data(), all, mounts_);
  if (!parsed) mounts_.clear();
  return parsed;
}

std::expected<void, MountTableError> MountTable::parse_lines(std::string_view text, char* out,
                                                             Keep keep,
                                                             std::vector<Mount>& mounts) const {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    LineParser parser(line, number, out);
    Mount mount;
    MountTableError error;
    if (end == std::string_view::npos) {
      error = {number, line.size() + 1, "the line has no end"};
    } else if (const auto nul = line.find('\0'); nul != std::string_view::npos) {
      error = {number, nul + 1, "a text holds a NUL byte"};
    } else if (!parser.parse(mount)) {
      error = parser.error();
    } else if (keep(*this, mount)) {
      if (mounts.size() == base::kMountsMax) error = {number, 1, "there are too many mounts"};
      out = parser.out();
      mounts.push_back(mount);
    }
    if (error.line != 0) return std::unexpected(error);
    text.remove_prefix(end + 1);
  }
  return {};
}

std::optional<OptionValue> super_option(const Mount& mount, std::string_view name) {
  std::string_view rest = mount.super_options;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view option = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!option.starts_with(name)) continue;
    std::string_view raw = option.substr(name.size());
    if (!raw.empty() && raw.front() != '=') continue;
    OptionValue value;
    for (std::size_t i = raw.empty() ? 0 : 1; i < raw.size();) {
      const auto byte = escaped_byte(raw.substr(i));
      const char c = byte.value_or(raw[i]);
      value.append({&c, 1});
      i += byte ? 4 : 1;
    }
    return value;
  }
  return std::nullopt;
}

bool superblock_read_only(const Mount& mount) {
  return super_option(mount, "ro").has_value();
}

std::optional<std::size_t> mount_of_path(const MountTable& table, std::string_view path) {
  return MountPointIndex(table).mount_of_path(path);
}

std::optional<std::size_t> mount_at(const MountTable& table, std::string_view path) {
  return MountPointIndex(table).mount_at(path);
}

std::optional<std::size_t> mount_with_id(const MountTable& table, std::uint32_t mount_id) {
  const auto mounts = table.mounts();
  const auto found = std::ranges::find(mounts, mount_id, &Mount::id);
  if (found == mounts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - mounts.begin());
}

}  // namespace vss::plan
