#include "devices/device_queue.hpp"

#include <algorithm>

namespace vss::devices {

bool DeviceQueue::put(wire::Operation operation, std::uint64_t message_id) {
  return requests_.push_back({operation, message_id, false});
}

void DeviceQueue::withdraw(std::uint64_t message_id) {
  base::FixedVector<Request, kRequestsMax> kept;
  for (const Request& request : requests_) {
    if (request.message_id != message_id) kept.push_back(request);
  }
  requests_ = kept;
}

wire::DeviceMessage DeviceQueue::read() {
  wire::DeviceMessage message;
  const auto head = std::ranges::find(requests_, false, &Request::was_read);
  if (head == requests_.end()) {
    message.status = wire::kStatusFail;
    return message;
  }
  head->was_read = true;
  message.operation = static_cast<std::uint32_t>(head->operation);
  message.message_id = head->message_id;
  return message;
}

void DeviceQueue::unread(std::uint64_t message_id) {
  const auto found = std::ranges::find(requests_, message_id, &Request::message_id);
  if (found != requests_.end()) found->was_read = false;
}

bool DeviceQueue::readable() const {
  return std::ranges::find(requests_, false, &Request::was_read) != requests_.end();
}

DeviceQueue::Written DeviceQueue::write(const wire::DeviceMessage& answer) {
  Written written{answer.message_id, answer.operation, answer.status == wire::kStatusSuccess};
  const auto found = std::ranges::find(requests_, answer.message_id, &Request::message_id);
  if (found == requests_.end()) return written;
  if (!found->was_read) {
    written.message_id = 0;
    return written;
  }
  if (answer.operation != static_cast<std::uint32_t>(found->operation)) return written;
  withdraw(answer.message_id);
  return written;
}

}  // namespace vss::devices
