#include "config/section_reader.hpp"

#include <algorithm>
#include <cmath>

#include "config/nearest_name.hpp"

namespace vss::config {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

}  // namespace

std::string SectionReader::full_name(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + '.' + std::string(key);
}

Place SectionReader::place(const toml::source_region& region) const {
  return {file_, region.begin.line, region.begin.column};
}

Place SectionReader::place_of(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return place(node != nullptr ? node->source() : table_.source());
}

const toml::node* SectionReader::take(std::string_view key) {
  known_.push_back(key);
  return table_.get(key);
}

void SectionReader::wrong_type(std::string_view key, const toml::node& node,
                               std::string_view wanted) {
  problems_.add(place(node.source()), full_name(key) + " must be " + std::string(wanted) +
                                          ", and is " + std::string(type_name(node)));
}

std::optional<TextAt> SectionReader::text(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_string()) return TextAt{value->get(), place(node->source())};
  wrong_type(key, *node, "a text in quotes");
  return std::nullopt;
}

std::optional<std::int64_t> SectionReader::integer(std::string_view key, std::int64_t min,
                                                   std::int64_t max) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  if (value != nullptr && value->get() >= min && value->get() <= max) return value->get();
  const std::string wanted =
      "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  if (value == nullptr) {
    wrong_type(key, *node, wanted);
  } else {
    problems_.add(place(node->source()), full_name(key) + " must be " + wanted + ", and is " +
                                             std::to_string(value->get()));
  }
  return std::nullopt;
}

std::optional<base::Duration> SectionReader::seconds(std::string_view key, base::seconds max) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  return seconds_of(*node, key,
                    "a number of seconds above 0 and at most " + std::to_string(max.count()), max);
}

std::optional<base::Duration> SectionReader::seconds_or_off(std::string_view key,
                                                            base::seconds max) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_number() && node->value<double>() == 0.0) return base::Duration{0};
  return seconds_of(
      *node, key, "0 (off) or a number of seconds of at most " + std::to_string(max.count()), max);
}

std::optional<base::Duration> SectionReader::seconds_of(const toml::node& node,
                                                        std::string_view key,
                                                        const std::string& wanted,
                                                        base::seconds max) {
  if (!node.is_number()) {
    wrong_type(key, node, wanted);
    return std::nullopt;
  }
  const double value = node.value<double>().value_or(0);
  // Below a millisecond is 0 for every purpose here; not-a-number fails both comparisons.
  if (value >= 0.001 && value <= static_cast<double>(max.count())) {
    return base::milliseconds(std::llround(value * 1000.0));
  }
  problems_.add(place(node.source()), full_name(key) + " must be " + wanted);
  return std::nullopt;
}

std::optional<std::size_t> SectionReader::word(std::string_view key,
                                               std::span<const std::string_view> words) {
  const auto value = text(key);
  if (!value) return std::nullopt;
  const auto found = std::ranges::find(words, std::string_view(value->text));
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  problems_.add(value->place, full_name(key) + " cannot be \"" + value->text + '"' +
                                  allowed_names(value->text, words));
  return std::nullopt;
}

std::vector<TextAt> SectionReader::texts(std::string_view key) {
  std::vector<TextAt> list;
  const toml::node* node = take(key);
  if (node == nullptr) return list;
  const auto* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, *node, "a list of texts in quotes");
    return list;
  }
  for (const toml::node& item : *array) {
    if (const auto* value = item.as_string()) {
      list.push_back({value->get(), place(item.source())});
    } else {
      wrong_type(key, item, "a list of texts in quotes");
    }
  }
  return list;
}

const toml::table* SectionReader::table(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) {
    wrong_type(key, *node, "a table, written [" + full_name(key) + "]");
  }
  return node->as_table();
}

std::vector<const toml::table*> SectionReader::tables(std::string_view key) {
  std::vector<const toml::table*> list;
  const toml::node* node = take(key);
  if (node == nullptr) return list;
  const std::string wanted = "a list of tables, each written [[" + full_name(key) + "]]";
  const auto* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, *node, wanted);
    return list;
  }
  for (const toml::node& item : *array) {
    if (item.as_table() == nullptr) {
      wrong_type(key, item, wanted);
    } else {
      list.push_back(item.as_table());
    }
  }
  return list;
}

void SectionReader::report_unknown_keys() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    const std::string where = name_.empty() ? "" : " in [" + name_ + ']';
    problems_.add(place(key.source()), "unknown key \"" + std::string(key.str()) + '"' + where +
                                           allowed_names(key.str(), known_));
  }
}

}  // namespace vss::config
