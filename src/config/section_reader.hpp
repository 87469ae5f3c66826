// Reads one table of a TOML file key by key. The keys that are asked for are the keys that exist:
// what was not asked for when the reader ends is reported as unknown, with the nearest name that
// was.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "config/problem.hpp"
#include "config/toml.hpp"

namespace vss::config {

struct TextAt {
  std::string text;
  Place place;
};

// Every getter returns nothing when the key is absent, and when its value is wrong; the latter is
// added to the problems. Borrows everything that it is given.
class SectionReader {
 public:
  // `name`: as a person writes it ("requesters.local"); empty for the top of the file.
  SectionReader(const toml::table& table, std::string name, const std::string& file,
                Problems& problems)
      : table_(table), name_(std::move(name)), file_(file), problems_(problems) {}
  SectionReader(const SectionReader&) = delete;
  SectionReader& operator=(const SectionReader&) = delete;

  std::optional<TextAt> text(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  // A number of seconds, whole or with a fraction, above 0.
  std::optional<base::Duration> seconds(std::string_view key, base::seconds max);
  // The same, or 0, which switches off what the key limits.
  std::optional<base::Duration> seconds_or_off(std::string_view key, base::seconds max);
  // One of `words`; returns its index.
  std::optional<std::size_t> word(std::string_view key, std::span<const std::string_view> words);
  std::vector<TextAt> texts(std::string_view key);
  const toml::table* table(std::string_view key);
  std::vector<const toml::table*> tables(std::string_view key);

  // Reports the keys nobody asked for. Call last, once.
  void report_unknown_keys();

  // Of a key's value, or of the table when the key is absent.
  Place place_of(std::string_view key) const;
  // `requesters.local.hold`
  std::string full_name(std::string_view key) const;

 private:
  const toml::node* take(std::string_view key);
  std::optional<base::Duration> seconds_of(const toml::node& node, std::string_view key,
                                           const std::string& wanted, base::seconds max);
  void wrong_type(std::string_view key, const toml::node& node, std::string_view wanted);
  Place place(const toml::source_region& region) const;

  const toml::table& table_;
  std::string name_;
  const std::string& file_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

}  // namespace vss::config
