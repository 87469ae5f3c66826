// What the servers of sessions tell the driver, who owns them.
#pragma once

#include <string_view>

#include "coordinator/events.hpp"
#include "wire/frame.hpp"

namespace vss::devices {

// Called on the loop's thread; may call perform().
class ParticipantHost {
 public:
  virtual ~ParticipantHost() = default;

  // For the coordinator. Joining is answered by perform() before this returns; a departure that is
  // found while actions are being performed may be stepped after them.
  virtual void on_participant_event(const coordinator::Event& event) = 0;

  // A freezer's kDetail or kPlanEnd; the view is valid during the call.
  virtual void on_freezer_news(const wire::FrameView& news) = 0;

  // The accepted freezer brought the thawed page; the server keeps the descriptor open.
  virtual void on_thawed_page(int descriptor) = 0;

  // For the log: a connection was refused or given up, or has ended.
  virtual void on_connection_over(std::string_view who, std::string_view why) = 0;
};

}  // namespace vss::devices
