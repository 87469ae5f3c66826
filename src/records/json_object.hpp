// nlohmann-json without its exceptions: values are looked up and typed by hand.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "records/record.hpp"
#include "records/words.hpp"

namespace vss::records {

using Json = nlohmann::ordered_json;

// Text for a wire or a file. Invalid UTF-8 is replaced, so that this cannot fail.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The document and one member more: a list that may be long, whose items never exist as values all
// at once. vssd has memory for ten thousand writers, not for as many trees of them.
template <typename T, typename ToJson>
std::string dump_with_list(const Json& document, std::string_view key, const std::vector<T>& list,
                           ToJson to_json_of) {
  constexpr std::size_t kUsualBytes = 224;  // of one item
  std::string text = dump(document);
  text.reserve(text.size() + kUsualBytes * list.size());
  text.back() = ',';  // was the document's brace
  text.append(dump(Json(std::string(key)))).append(":[");
  for (const T& item : list)
    text.append(dump(to_json_of(item))).append(",");
  if (!list.empty()) text.pop_back();
  return text.append("]}");
}

inline std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

inline Json microseconds(const Offset& offset) {
  return offset ? Json(microseconds(*offset)) : Json(nullptr);
}

// An id as people see it, or null for none.
Json id_text(TransactionId id);

// Parses a whole document: capped in size, an object of schema `schema` and of a version that is
// known.
base::Result<Json> parse_document(std::string_view text, std::string_view schema);

// The first two members of every document.
Json new_document(std::string_view schema);

// Takes members out of one object. The first that is missing or of the wrong type is remembered,
// later ones are left as they were; ask error() at the end. Members that nobody asks for are
// ignored, so that newer programs can add some.
class ObjectReader {
 public:
  // `what` names the object in an error.
  ObjectReader(const Json& object, std::string_view what) : object_(object), what_(what) {
    if (!object.is_object()) error_ = std::string(what) + " is not an object";
  }

  void text(const char* key, std::string& to);
  void flag(const char* key, bool& to);
  void id(const char* key, TransactionId& to);
  void texts(const char* key, std::vector<std::string>& to);
  void duration(const char* key, Duration& to);
  void offset(const char* key, Offset& to);

  template <typename Number>
  void number(const char* key, Number& to) {
    const Json* value = member(key);
    if (value == nullptr) return;
    // Not number_integer alone: values above int64 are kept as unsigned.
    if (value->is_number_unsigned()) {
      const auto number = value->get<std::uint64_t>();
      if (number <= static_cast<std::uint64_t>(std::numeric_limits<Number>::max())) {
        to = static_cast<Number>(number);
        return;
      }
    } else if (value->is_number_integer()) {
      const auto number = value->get<std::int64_t>();
      if (std::in_range<Number>(number)) {
        to = static_cast<Number>(number);
        return;
      }
    }
    wrong(key, "a whole number in range");
  }

  // An enum by the text that to_text gives to one of its first `count` values.
  template <typename Enum>
  void word(const char* key, Enum& to, int count) {
    std::string word;
    text(key, word);
    if (!ok()) return;
    for (int i = 0; i < count; ++i) {
      if (to_text(static_cast<Enum>(i)) == word) {
        to = static_cast<Enum>(i);
        return;
      }
    }
    wrong(key, "one of the words of the schema");
  }

  // Each object of a list, by `read(const Json&) -> base::Result<T>`.
  template <typename T, typename Read>
  void list(const char* key, std::vector<T>& to, Read read) {
    const Json* value = member(key);
    if (value == nullptr) return;
    if (!value->is_array()) return wrong(key, "a list");
    for (const Json& item : *value) {
      base::Result<T> one = read(item);
      if (!one) {
        error_ = std::string(what_) + '.' + key + ": " + one.error().message;
        return;
      }
      to.push_back(std::move(*one));
    }
  }

  // Nothing when the member is missing; remembered.
  const Json* member(const char* key);
  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }

 private:
  void wrong(const char* key, std::string_view wanted);

  const Json& object_;
  std::string_view what_;
  std::string error_;
};

}  // namespace vss::records
