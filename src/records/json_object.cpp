#include "records/json_object.hpp"

#include "records/json.hpp"

namespace vss::records {

Json id_text(TransactionId id) {
  return id.valid() ? Json(std::string(base::to_text(id).view())) : Json(nullptr);
}

Json new_document(std::string_view schema) {
  Json json = Json::object();
  json["schema"] = std::string(schema);
  json["version"] = kSchemaVersion;
  return json;
}

base::Result<Json> parse_document(std::string_view text, std::string_view schema) {
  if (text.size() > kJsonBytesMax) {
    return base::fail("a JSON text of " + std::to_string(text.size()) + " bytes is too large");
  }
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return base::fail("is no JSON text, or it was cut off");
  ObjectReader reader(json, "document");
  std::string found;
  int version = 0;
  reader.text("schema", found);
  reader.number("version", version);
  if (!reader.ok()) return base::fail(reader.error());
  if (found != schema) {
    return base::fail("is a document of schema \"" + found + "\", not \"" + std::string(schema) +
                      '"');
  }
  if (version < 1 || version > kSchemaVersion) {
    return base::fail("has schema version " + std::to_string(version) + "; this program knows " +
                      std::to_string(kSchemaVersion) + ": use programs of one version");
  }
  return json;
}

const Json* ObjectReader::member(const char* key) {
  if (!ok()) return nullptr;
  const auto found = object_.find(key);
  if (found != object_.end()) return &*found;
  error_ = std::string(what_) + '.' + key + " is missing";
  return nullptr;
}

void ObjectReader::wrong(const char* key, std::string_view wanted) {
  if (ok()) error_ = std::string(what_) + '.' + key + " must be " + std::string(wanted);
}

void ObjectReader::text(const char* key, std::string& to) {
  const Json* value = member(key);
  if (value == nullptr) return;
  const auto* found = value->get_ptr<const std::string*>();
  if (found == nullptr) return wrong(key, "a text");
  to = *found;
}

void ObjectReader::flag(const char* key, bool& to) {
  const Json* value = member(key);
  if (value == nullptr) return;
  const auto* found = value->get_ptr<const bool*>();
  if (found == nullptr) return wrong(key, "true or false");
  to = *found;
}

void ObjectReader::id(const char* key, TransactionId& to) {
  const Json* value = member(key);
  if (value == nullptr || value->is_null()) return;
  std::string found;
  text(key, found);
  const auto id = base::parse_transaction_id(found);
  if (!id) return wrong(key, "a transaction's id or null");
  to = *id;
}

void ObjectReader::texts(const char* key, std::vector<std::string>& to) {
  const Json* value = member(key);
  if (value == nullptr) return;
  if (!value->is_array()) return wrong(key, "a list of texts");
  for (const Json& item : *value) {
    const auto* found = item.get_ptr<const std::string*>();
    if (found == nullptr) return wrong(key, "a list of texts");
    to.push_back(*found);
  }
}

void ObjectReader::duration(const char* key, Duration& to) {
  std::int64_t value = 0;
  number(key, value);
  // A century: far from the overflow of nanoseconds.
  constexpr std::int64_t kMax = 100LL * 366 * 24 * 3600 * 1'000'000;
  if (value < -kMax || value > kMax) return wrong(key, "a length of time in range");
  if (ok()) to = std::chrono::microseconds(value);
}

void ObjectReader::offset(const char* key, Offset& to) {
  const Json* value = member(key);
  if (value == nullptr || value->is_null()) return;
  Duration found{};
  duration(key, found);
  if (ok()) to = found;
}

}  // namespace vss::records
