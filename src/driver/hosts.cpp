// The doors to hosts: their events to the coordinator, its answers back.
#include "driver/driver.hpp"
#include "platform/clock.hpp"
#include "requesters/hv_utils/link.hpp"
#include "requesters/vmbus/shared_memory_link.hpp"
#include "requesters/vmbus/uio_link.hpp"

namespace vss::driver {

using requesters::vmbus::SharedMemoryLink;
using requesters::vmbus::UioLink;

void Driver::add_doors(HostDoors doors) {
  requesters::HostLinkOwner& owner = *this;
  const auto next_number = [this] { return static_cast<std::uint16_t>(hosts_.size()); };
  if (!doors.hv_vss_device.empty()) {
    hosts_.push_back(
        {requesters::kHvUtilsName, std::make_unique<requesters::HvUtilsLink>(
                                       loop_, owner, next_number(), doors.hv_vss_device)});
  }
  if (doors.uio) {
    hosts_.push_back({UioLink::kName, std::make_unique<UioLink>(loop_, owner, next_number())});
  }
  if (!doors.shared_memory_socket.empty()) {
    hosts_.push_back({SharedMemoryLink::kName, std::make_unique<SharedMemoryLink>(
                                                   loop_, owner, next_number(),
                                                   requesters::vmbus::SharedMemoryDoor{
                                                       .socket_path = doors.shared_memory_socket,
                                                       .host_users = doors.host_users})});
  }
  trace_ = std::move(doors.trace);
}

void Driver::on_host_event(const coordinator::Event& event) {
  const auto* check = std::get_if<coordinator::CheckRequested>(&event);
  const auto* freeze = std::get_if<coordinator::FreezeRequested>(&event);
  if (check == nullptr && freeze == nullptr) return post(event);
  if (!stop_by_.is_never()) return refuse(event, "vssd is stopping");
  post(event, details_of_host(check != nullptr ? check->kind : freeze->kind, configuration_));
}

void Driver::answer(const coordinator::Answer& answer) {
  const auto host = requesters::HostIds::link_of(answer.requester);
  if (!host) return control_.perform(answer);
  if (*host < hosts_.size()) hosts_[*host].link->perform(answer);
}

void Driver::on_exchange(const requesters::HostExchange& exchange) {
  host_story_.add(exchange);
}

void Driver::on_traffic(requesters::TrafficEvent what, std::span<const std::byte> bytes) {
  if (trace_) trace_->add(what, bytes, platform::now());
}

void Driver::log(base::LogSeverity severity, std::string_view text) {
  log_.append(severity, text);
}

void Driver::on_deadline_changed() {
  if (!pumping_) set_next_deadline();
}

void Driver::call_hosts(base::Instant now) {
  for (const NamedLink& host : hosts_) {
    if (now >= host.link->next_deadline()) host.link->on_time(now);
  }
}

base::Instant Driver::next_host_deadline() const {
  base::Instant next = base::Instant::never();
  for (const NamedLink& host : hosts_)
    next = base::earlier_of(next, host.link->next_deadline());
  return next;
}

}  // namespace vss::driver
