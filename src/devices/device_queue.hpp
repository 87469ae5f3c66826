// The queues behind one open device, as a client of its two ioctls sees them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/fixed_vector.hpp"
#include "wire/device_message.hpp"

namespace vss::devices {

// A request waits to be read (to-notify), is read, waits to be answered (to-ack), is answered.
// Pure; allocates nothing; freeze-safe. The messages are the device interface's own:
// docs/protocol.md K2, K3, K4 and K11.
class DeviceQueue {
 public:
  static constexpr std::size_t kRequestsMax =
      4;  // as the original; the coordinator needs one or two

  // Adds a request at the end of to-notify. False: the client left too many unanswered.
  bool put(wire::Operation operation, std::uint64_t message_id);

  // The request was overtaken: it can no longer be read, and its answer names nothing any more.
  void withdraw(std::uint64_t message_id);

  // IOCHVVSSREAD: the head of to-notify moves to to-ack. Nothing there: status 1, operation and id
  // 0.
  wire::DeviceMessage read();

  // What read() gave did not reach the client: it is read again, in its old place. Nothing where it
  // does not wait for an answer.
  void unread(std::uint64_t message_id);

  // poll(2): POLLIN, for as long as read() would find a request.
  bool readable() const;

  // IOCHVVSSWRITE, which always succeeds: what the coordinator has to judge. The request leaves
  // to-ack only when the answer names its operation, so that a lie does not use it up.
  struct Written {
    std::uint64_t message_id =
        0;  // 0, which is never a request's, where the request was not read yet
    std::uint32_t operation_raw = 0;
    bool success = false;  // all 32 bits of the status were zero
  };
  Written write(const wire::DeviceMessage& answer);

 private:
  struct Request {
    wire::Operation operation{};
    std::uint64_t message_id = 0;
    bool was_read = false;
  };

  base::FixedVector<Request, kRequestsMax> requests_;  // in the order of put()
};

}  // namespace vss::devices
