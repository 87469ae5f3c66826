// What the control socket needs of the driver.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "coordinator/events.hpp"
#include "wire/control.hpp"

namespace vss::requesters {

// Called on the loop's thread. None of these blocks: while something is frozen, what would need a
// disk is an error that says so.
class ControlHost {
 public:
  virtual ~ControlHost() = default;

  // A thaw, an abort, a lost requester. The answers come back through ControlServer::perform(),
  // perhaps before this returns.
  virtual void on_requester_event(const coordinator::Event& event) = 0;

  // A CHECK or a FREEZE: the event is the coordinator's; paths, note and policy of the request stay
  // with the driver, which needs them when it tells the freezer and writes the record.
  virtual void on_transaction_request(const coordinator::Event& event,
                                      const wire::ControlRequest& request) = 0;

  // Answered by ControlServer::plan_detail() and plan_end() for this requester.
  virtual base::Status ask_for_plan(coordinator::RequesterId requester,
                                    const wire::ControlRequest& request) = 0;

  virtual coordinator::TransactionId open_transaction() const = 0;
  virtual std::string status_json() const = 0;
  virtual std::string writers_json() const = 0;
  virtual std::string history_json() const = 0;
  virtual base::Result<std::string> record_json(
      std::optional<coordinator::TransactionId> id) const = 0;
};

}  // namespace vss::requesters
