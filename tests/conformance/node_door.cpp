#include <bit>

#include "device_server.hpp"
#include "node_client.hpp"

namespace vss::conformance {
namespace {

class Client final : public DeviceClient {
 public:
  explicit Client(Device device)
      : node_(device == Device::kApplication ? kApplicationPath : kFilesystemPath) {}

  bool read(wire::DeviceMessage& message) override {
    hv_vss_opt_msg got{};
    if (node_.ioctl_read(got) != 0) return false;
    message = std::bit_cast<wire::DeviceMessage>(got);
    return true;
  }
  bool write(const wire::DeviceMessage& message) override {
    return node_.ioctl_write(std::bit_cast<hv_vss_opt_msg>(message)) == 0;
  }
  bool wait_readable(std::chrono::milliseconds at_most) override {
    return node_.poll(at_most) == POLLIN;
  }

 private:
  NodeClient node_;
};

}  // namespace

// Of whichever vssd serves the nodes: there is one in a machine.
DeviceDoor node_door() {
  return {.name = "Nodes", .needs_nodes = true, .open = [](const std::string&, Device device) {
            return std::make_unique<Client>(device);
          }};
}

}  // namespace vss::conformance
