// What a command line of vssctl asks for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/identity.hpp"
#include "base/time.hpp"
#include "wire/filesystems.hpp"

namespace vss::operators {

// What a request may say about the transaction that it starts.
struct TransactionOptions {
  wire::Selection selection = wire::Selection::kAll;
  std::vector<std::string> paths;  // kPaths: absolute
  std::optional<wire::Grade> require;
  base::Duration hold_max{0};  // 0: configured
};

enum class Verb {
  kStatus,
  kWriters,
  kPlan,
  kHistory,
  kExplain,
  kCheck,
  kSnapshot,
  kHold,
  kRelease,
  kThaw,
  kDoctor,
  kRehearse,
};

struct Options {
  Verb verb{};
  std::optional<std::string> config_file;
  std::optional<std::string> runtime_dir;
  bool json = false;
  bool verbose = false;                   // snapshot, plan
  bool force = false;                     // thaw
  std::optional<base::TransactionId> id;  // explain, release
  TransactionOptions transaction;         // plan, check, snapshot, hold, rehearse
  std::vector<std::string> command;       // snapshot
};

}  // namespace vss::operators
