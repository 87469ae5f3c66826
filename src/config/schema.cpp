#include "config/schema.hpp"

#include <algorithm>
#include <array>

#include "base/exclude_pattern.hpp"
#include "config/section_reader.hpp"
#include "wire/fields.hpp"

namespace vss::config {
namespace {

using coordinator::Criticality;
using coordinator::Grade;
using coordinator::WriterRule;

// Beyond an hour no host waits; the limit also keeps arithmetic on budgets far from overflow.
constexpr base::seconds kBudgetMax{3600};
constexpr base::seconds kTimeoutMax{900};
constexpr std::size_t kGroupBytesMax = 32;

constexpr std::array<std::string_view, 3> kGrades{"crash", "filesystem", "application"};
constexpr std::array<std::string_view, 4> kLogLevels{"error", "warning", "info", "debug"};
constexpr std::array<std::string_view, 4> kHyperVDoors{"auto", "hv_vss", "uio", "off"};
constexpr std::array<std::string_view, 3> kDeviceNodes{"auto", "on", "off"};
constexpr std::array<std::string_view, 2> kUnfreezable{"sync", "fail"};
constexpr std::array<std::string_view, 2> kPreSync{"auto", "always"};
constexpr std::array<std::string_view, 2> kCriticalities{"required", "optional"};

// As a writer may call itself. A plain client's name is made by vssd, from a number: a rule for it
// would fit another one next time.
bool is_writer_name(std::string_view name) {
  return name.size() <= base::kNameBytesMax && wire::is_name(name) && !name.starts_with("plain:");
}

bool is_group_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= kGroupBytesMax && name.front() != '-' &&
         std::ranges::all_of(name, good);
}

// One file being applied.
class Applier {
 public:
  Applier(const std::string& file, Draft& draft, Problems& problems)
      : file_(file), draft_(draft), to_(draft.configuration), problems_(problems) {}

  void root(const toml::table& table) {
    SectionReader reader(table, "", file_, problems_);
    directory(reader, "runtime_dir", to_.runtime_dir);
    directory(reader, "state_dir", to_.state_dir);
    group(reader, "control_group", to_.control_group);
    group(reader, "socket_group", to_.socket_group);
    if (const auto level = reader.word("log_level", kLogLevels)) {
      to_.log_level = static_cast<LogLevel>(*level);
    }
    if (const auto* section = reader.table("hyperv")) hyperv(*section);
    if (const auto* section = reader.table("devices")) devices(*section);
    if (const auto* section = reader.table("filesystems")) filesystems(*section);
    if (const auto* section = reader.table("requesters")) requesters(*section);
    if (const auto* section = reader.table("writers")) writers(*section);
    reader.report_unknown_keys();
  }

 private:
  void directory(SectionReader& reader, std::string_view key, std::string& to) {
    if (const auto value = reader.text(key)) {
      to = value->text;
      draft_.places[std::string(key)] = value->place;
    }
  }

  void group(SectionReader& reader, std::string_view key, std::string& to) {
    const auto value = reader.text(key);
    if (!value) return;
    if (is_group_name(value->text)) {
      to = value->text;
    } else {
      problems_.add(value->place, std::string(key) +
                                      " must be a group's name: letters, digits, '_', '-' "
                                      "and '.', at most 32 of them");
    }
  }

  void hyperv(const toml::table& table) {
    SectionReader reader(table, "hyperv", file_, problems_);
    if (const auto door = reader.word("door", kHyperVDoors)) {
      to_.hyperv_door = static_cast<HyperVDoor>(*door);
    }
    reader.report_unknown_keys();
  }

  void devices(const toml::table& table) {
    SectionReader reader(table, "devices", file_, problems_);
    if (const auto word = reader.word("cuse", kDeviceNodes)) {
      to_.device_nodes = static_cast<DeviceNodes>(*word);
    }
    reader.report_unknown_keys();
  }

  void filesystems(const toml::table& table) {
    SectionReader reader(table, "filesystems", file_, problems_);
    for (const auto& pattern : reader.texts("exclude"))
      exclude(pattern);
    if (const auto word = reader.word("unfreezable", kUnfreezable)) {
      to_.filesystems.unfreezable = static_cast<wire::UnfreezablePolicy>(*word);
    }
    if (const auto word = reader.word("pre_sync", kPreSync)) {
      to_.filesystems.pre_sync = static_cast<wire::PreSync>(*word);
    }
    if (const auto budget = reader.seconds_or_off("stall_budget", kBudgetMax)) {
      to_.filesystems.stall_budget = *budget;
    }
    reader.report_unknown_keys();
  }

  void exclude(const TextAt& pattern) {
    using Pattern = base::FixedText<256>;
    auto& list = to_.filesystems.exclude;
    const std::string_view text = pattern.text;
    if (!base::parse_exclude_pattern(text)) {
      problems_.add(pattern.place, "filesystems.exclude: \"" + pattern.text +
                                       "\" can match nothing: it must be " +
                                       std::string(base::kExcludeForms));
    } else if (text.size() > Pattern::capacity()) {
      problems_.add(pattern.place, "filesystems.exclude: a pattern has at most " +
                                       std::to_string(Pattern::capacity()) +
                                       " bytes; shorten it with '*'");
    } else if (!list.push_back(Pattern(text))) {
      problems_.add(pattern.place, "filesystems.exclude has at most " +
                                       std::to_string(list.limit()) +
                                       " patterns in all files; join some with '*'");
    }
  }

  void requesters(const toml::table& table) {
    SectionReader reader(table, "requesters", file_, problems_);
    for (std::size_t kind = 0; kind < coordinator::kRequesterKinds; ++kind) {
      const auto name = to_text(static_cast<coordinator::RequesterKind>(kind));
      if (const auto* section = reader.table(name)) {
        requester(*section, reader.full_name(name), to_.policy.requesters[kind]);
      }
    }
    reader.report_unknown_keys();
  }

  void requester(const toml::table& table, std::string name, coordinator::RequesterPolicy& to) {
    SectionReader reader(table, std::move(name), file_, problems_);
    budget(reader, "check", to.budgets.check);
    budget(reader, "prepare", to.budgets.prepare);
    budget(reader, "freeze", to.budgets.freeze);
    budget(reader, "hold", to.budgets.hold);
    budget(reader, "thaw", to.budgets.thaw);
    if (const auto grade = reader.word("require", kGrades)) to.require = static_cast<Grade>(*grade);
    reader.report_unknown_keys();
  }

  void budget(SectionReader& reader, std::string_view key, base::Duration& to) {
    if (const auto value = reader.seconds(key, kBudgetMax)) {
      to = *value;
      draft_.places[reader.full_name(key)] = reader.place_of(key);
    }
  }

  void writers(const toml::table& table) {
    SectionReader reader(table, "writers", file_, problems_);
    if (const auto max = reader.integer("max", 1, base::kWritersMax)) {
      to_.policy.writers_max = static_cast<std::size_t>(*max);
      draft_.places["writers.max"] = reader.place_of("max");
    }
    if (const auto timeout = reader.seconds("timeout", kTimeoutMax)) {
      to_.policy.timeout_default = *timeout;
      draft_.places["writers.timeout"] = reader.place_of("timeout");
    }
    if (const auto timeout = reader.seconds("timeout_max", kTimeoutMax)) {
      to_.policy.timeout_max = *timeout;
      draft_.places["writers.timeout_max"] = reader.place_of("timeout_max");
    }
    for (const auto& name : reader.texts("expected")) {
      if (!is_writer_name(name.text)) {
        bad_name("writers.expected", name.place);
        continue;
      }
      rule_of(name.text).expected = true;
      draft_.places.try_emplace("writers.expected", name.place);
    }
    std::vector<std::string> ruled_here;
    for (const auto* section : reader.tables("rule"))
      rule(*section, ruled_here);
    reader.report_unknown_keys();
  }

  void rule(const toml::table& table, std::vector<std::string>& ruled_here) {
    SectionReader reader(table, "writers.rule", file_, problems_);
    const auto name = reader.text("name");
    WriterRule rule;
    if (const auto word = reader.word("criticality", kCriticalities)) {
      rule.criticality = static_cast<Criticality>(*word);
    }
    if (const auto level = reader.integer("level", base::kLevelMin, base::kLevelMax)) {
      rule.level = static_cast<int>(*level);
    }
    rule.timeout_max = reader.seconds("timeout", kTimeoutMax);
    reader.report_unknown_keys();
    if (!name) {
      if (table.get("name") == nullptr) {
        problems_.add(reader.place_of("name"),
                      "a [[writers.rule]] needs the name of the writer it is for: name = \"…\"");
      }
    } else if (!is_writer_name(name->text)) {
      bad_name("writers.rule.name", name->place);
    } else if (std::ranges::find(ruled_here, name->text) != ruled_here.end()) {
      problems_.add(name->place, "a second [[writers.rule]] for \"" + name->text +
                                     "\" in this file; join the two");
    } else {
      ruled_here.push_back(name->text);
      rule.name = std::string_view(name->text);
      rule.expected = rule_of(name->text).expected;
      rule_of(name->text) = rule;
    }
  }

  // Finds the writer's rule or makes an empty one.
  WriterRule& rule_of(std::string_view name) {
    auto& rules = to_.policy.writers;
    const auto found =
        std::ranges::find(rules, name, [](const WriterRule& r) { return r.name.view(); });
    if (found != rules.end()) return *found;
    rules.emplace_back().name = name;
    return rules.back();
  }

  void bad_name(std::string_view key, const Place& place) {
    problems_.add(place, std::string(key) + " must be a writer's name: 1 to " +
                             std::to_string(base::kNameBytesMax) +
                             " printable ASCII characters, no '/', not plain:…");
  }

  const std::string& file_;
  Draft& draft_;
  Configuration& to_;
  Problems& problems_;
};

}  // namespace

void apply(const toml::table& root, const std::string& file, Draft& draft, Problems& problems) {
  Applier(file, draft, problems).root(root);
}

}  // namespace vss::config
