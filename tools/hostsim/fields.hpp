// The fields of a packet by name, so that two packets can be compared in words.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hostsim/bytes.hpp"

namespace hostsim {

struct Field {
  const char* name;
  std::size_t offset;
  std::size_t size;
  bool vital;  // status, flags, ids, lengths and the like; not what a body carries along
};

// Every byte of the packet belongs to exactly one field.
std::vector<Field> fields_of(View packet);

struct Difference {
  std::string text;  // "ic flags are 0x03, not 0x05"
  bool vital;
};

// Named after the fields of `expected`; a different length is the only difference reported.
std::vector<Difference> differences(View expected, View actual);

}  // namespace hostsim
