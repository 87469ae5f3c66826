// What a service manager tells a service by variables.
#pragma once

#include <string>

namespace vss::platform {

// Its value, empty where it is not set; children do not get it. Before any other thread is made.
std::string take_from_environment(const char* name);

}  // namespace vss::platform
