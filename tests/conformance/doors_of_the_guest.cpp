#include "device_server.hpp"

namespace vss::conformance {

std::vector<DeviceDoor> doors() {
  return {socket_door(), node_door()};
}

}  // namespace vss::conformance
