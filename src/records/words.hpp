// The words of the schema for what has no to_text of its own.
#pragma once

#include <string_view>

#include "coordinator/types.hpp"
#include "wire/filesystems.hpp"

namespace vss::records {

std::string_view to_text(coordinator::Selection selection);
std::string_view to_text(wire::MountAction action);
std::string_view to_text(wire::MountResult result);

}  // namespace vss::records
