// A server of the two devices, as a program written for FreeBSD sees it. The suite runs against
// each door that serves them: the sockets, and in the virtual machine the device nodes too.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wire/device_message.hpp"

namespace vss::conformance {

// One open device. read() and write() return what the ioctl would: true for 0.
class DeviceClient {
 public:
  virtual ~DeviceClient() = default;
  virtual bool read(wire::DeviceMessage& message) = 0;
  virtual bool write(const wire::DeviceMessage& message) = 0;
  // poll(2) for POLLIN.
  virtual bool wait_readable(std::chrono::milliseconds at_most) = 0;
};

enum class Device { kApplication, kFilesystem };

struct DeviceDoor {
  std::string name;
  bool needs_nodes = false;  // the driver has to serve the device nodes
  // Opens the device of the vssd whose runtime directory this is.
  std::function<std::unique_ptr<DeviceClient>(const std::string& runtime_directory, Device device)>
      open;
};
DeviceDoor socket_door();
DeviceDoor node_door();

// Those that this program tests: doors_of_any_machine.cpp, doors_of_the_guest.cpp.
std::vector<DeviceDoor> doors();

}  // namespace vss::conformance
