// A host and a guest that find each other, for the tests of the commands.
#pragma once

#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <string>
#include <vector>

#include "hostsim/command_line.hpp"
#include "hostsim/fake_guest.hpp"

namespace hostsim {

// With the socket's directory; removed at the end.
class Meeting {
 public:
  Meeting() {
    std::string name = (std::filesystem::temp_directory_path() / "hostsim-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) directory_ = name;
  }
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;
  ~Meeting() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  std::string socket() const { return path("vmbus.sock"); }

  // The program's exit status for these arguments.
  int run(std::vector<std::string> arguments, int interrupt_fd = -1) const {
    arguments.insert(arguments.begin(), {"vss-hostsim", "--listen", socket()});
    std::vector<const char*> values;
    for (const std::string& argument : arguments)
      values.push_back(argument.c_str());
    return run_command_line(static_cast<int>(values.size()), values.data(), interrupt_fd);
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace hostsim
