// What every subcommand has: where vssd is, how long to wait for it, and where to speak.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/configuration.hpp"
#include "operator/control_client.hpp"
#include "operator/messages.hpp"
#include "operator/options.hpp"

namespace vss::operators {

struct Session {
  config::Configuration configuration;
  Messages messages;

  // Longer than vssd can take by its own budgets; who waits that long waits for a vssd that hangs.
  base::Duration opening_limit() const;  // check, prepare and freeze
  base::Duration closing_limit() const;  // thaw
};

// Reads the configuration. `thaw` must work with a broken one: it goes on with the defaults then.
base::Result<Session> open_session(const Options& options);

// On the heap: 150 KiB.
std::unique_ptr<wire::ControlRequest> make_request(wire::ControlCommand command,
                                                   const TransactionOptions& options = {});

// All that vssd said in answer to one request.
struct Answer {
  wire::ControlReply reply;
  std::string document;                    // status, writers, history, explain
  std::vector<wire::MountDetail> details;  // plan
  std::optional<wire::PlanEnd> plan_end;   // plan
};

// Asks and waits, saying `what` takes so long. Error: no answer within the limit, or vssd is gone.
// A reply that says no is no error. Notices are skipped.
base::Result<Answer> ask(ControlClient& client, Messages& messages,
                         const wire::ControlRequest& request, base::Duration limit,
                         std::string_view what);

// The reason of a reply that says no; never empty.
std::string reason_of(const wire::ControlReply& reply);

// Says the error and returns its exit status.
int report(Messages& messages, const base::Error& error);

}  // namespace vss::operators
