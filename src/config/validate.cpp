#include "config/validate.hpp"

#include <algorithm>

namespace vss::config {
namespace {

using base::Duration;
using base::seconds;
using coordinator::Budgets;
using coordinator::RequesterKind;

// How long an answer through /dev/vmbus/hv_vss may take: the kernel's hv_utils waits for 30, 900
// and 30 s and then answers failure itself; the door gives up a little earlier, since an answer
// that is late would be taken for the next (requesters/hv_utils/session.hpp). Our PREPARE and
// FREEZE are one FREEZE to it.
constexpr seconds kKernelCheck{28};
constexpr seconds kKernelFreeze{890};
constexpr seconds kKernelThaw{28};

// The longest path below the runtime directory must fit into a socket's address (sun_path, 104
// bytes on the BSDs with its end).
constexpr std::size_t kRuntimeDirBytesMax = 80;

std::string in_seconds(Duration duration) {
  const auto ms = std::chrono::duration_cast<base::milliseconds>(duration).count();
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) {
    std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    while (fraction.back() == '0')
      fraction.pop_back();
    text += '.' + fraction;
  }
  return text + " s";
}

class Validator {
 public:
  Validator(Draft& draft, const KernelLimits& kernel, Problems& problems)
      : draft_(draft), kernel_(kernel), problems_(problems) {}

  void run() {
    directory("runtime_dir", draft_.configuration.runtime_dir, kRuntimeDirBytesMax);
    directory("state_dir", draft_.configuration.state_dir, base::kPathBytesMax / 2);
    for (std::size_t kind = 0; kind < coordinator::kRequesterKinds; ++kind) {
      requester(static_cast<RequesterKind>(kind));
    }
    writers();
    limit_hold();
  }

 private:
  // A value that is a default is named as such, since it stands in no file.
  void report(const std::string& key, const std::string& message) {
    const auto place = draft_.places.find(key);
    if (place == draft_.places.end()) {
      problems_.add({}, key + " (its default): " + message);
    } else {
      problems_.add(place->second, key + ": " + message);
    }
  }

  void directory(const std::string& key, const std::string& path, std::size_t bytes_max) {
    if (path.empty() || path.front() != '/') {
      report(key, "\"" + path + "\" must be an absolute path");
    } else if (path.size() > bytes_max) {
      report(key, "a path of at most " + std::to_string(bytes_max) + " bytes is allowed here");
    } else if (path.find('\0') != std::string::npos) {
      report(key, "a path has no zero byte");
    }
  }

  void requester(RequesterKind kind) {
    const auto index = static_cast<std::size_t>(kind);
    const std::string name = "requesters." + std::string(to_text(kind));
    const Budgets& budgets = draft_.configuration.policy.requesters[index].budgets;
    if (budgets.freeze >= budgets.hold) {
      const bool hold_set = draft_.places.contains(name + ".hold");
      report(hold_set ? name + ".hold" : name + ".freeze",
             "freeze (" + in_seconds(budgets.freeze) + ") lies inside hold (" +
                 in_seconds(budgets.hold) + ") and must be smaller");
    }
    // Through the channel itself the kernel does not wait with us.
    const bool through_kernel = draft_.configuration.hyperv_door != HyperVDoor::kUio;
    if (kind == RequesterKind::kHyperV && through_kernel) kernel_door(name, budgets);
    hold(name + ".hold", budgets.hold);
  }

  void kernel_door(const std::string& name, const Budgets& budgets) {
    const auto above = [&](const char* key, Duration value, seconds limit) {
      if (value <= limit) return;
      report(name + key, in_seconds(value) + " is more than the " + in_seconds(limit) +
                             " within which the kernel's Hyper-V driver must have its answer");
    };
    above(".check", budgets.check, kKernelCheck);
    above(".thaw", budgets.thaw, kKernelThaw);
    above(".freeze", budgets.freeze, kKernelFreeze);
    above(".prepare", budgets.prepare, kKernelFreeze);
    const bool each_fits = budgets.freeze <= kKernelFreeze && budgets.prepare <= kKernelFreeze;
    if (each_fits && budgets.prepare + budgets.freeze > kKernelFreeze) {
      report(name + ".prepare", "prepare and freeze together (" +
                                    in_seconds(budgets.prepare + budgets.freeze) +
                                    ") are more than the " + in_seconds(kKernelFreeze) +
                                    " within which the kernel's Hyper-V driver must have its "
                                    "answer");
    }
  }

  void hold(const std::string& key, Duration value) {
    if (kernel_.hung_task_panic && kernel_.hung_task_timeout.count() > 0 &&
        2 * value >= kernel_.hung_task_timeout) {
      report(key, in_seconds(value) + " must be below half of kernel.hung_task_timeout_secs (" +
                      in_seconds(kernel_.hung_task_timeout) +
                      "), because kernel.hung_task_panic is 1: a held writer would panic this "
                      "kernel; set hold lower, or hung_task_panic to 0");
    }
    if (kernel_.watchdog_timeout.count() > 0 && value >= kernel_.watchdog_timeout) {
      report(key, in_seconds(value) + " must be below the hardware watchdog's timeout (" +
                      in_seconds(kernel_.watchdog_timeout) +
                      "): it would reset this machine while its daemon waits for a frozen "
                      "filesystem");
    }
  }

  void writers() {
    const auto& policy = draft_.configuration.policy;
    const auto expected = static_cast<std::size_t>(
        std::ranges::count_if(policy.writers, &coordinator::WriterRule::expected));
    if (expected > policy.writers_max) {
      report("writers.expected", std::to_string(expected) + " names, but writers.max admits only " +
                                     std::to_string(policy.writers_max));
    }
    if (policy.timeout_default > policy.timeout_max) {
      report("writers.timeout", in_seconds(policy.timeout_default) +
                                    " is more than writers.timeout_max (" +
                                    in_seconds(policy.timeout_max) + ")");
    }
  }

  // One second below what the kernel would not forgive.
  void limit_hold() {
    Duration& limit = draft_.configuration.hold_limit;
    if (kernel_.hung_task_panic && kernel_.hung_task_timeout.count() > 0) {
      limit = std::min<Duration>(limit, Duration(kernel_.hung_task_timeout) / 2 - seconds(1));
    }
    if (kernel_.watchdog_timeout.count() > 0) {
      limit = std::min<Duration>(limit, kernel_.watchdog_timeout - seconds(1));
    }
    limit = std::max<Duration>(limit, seconds(1));
  }

  Draft& draft_;
  const KernelLimits& kernel_;
  Problems& problems_;
};

}  // namespace

void validate(Draft& draft, const KernelLimits& kernel, Problems& problems) {
  Validator(draft, kernel, problems).run();
}

}  // namespace vss::config
