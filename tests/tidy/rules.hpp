// The rules. Each is a pure function over the tree; a finding says where, what and what to do.
#pragma once

#include <string_view>

#include "tidy/tree.hpp"

namespace vss::tidy {

// Include lines against cmake/layers.txt (the text of it). Tests and programs may include anything.
Findings check_layers(const Tree& tree, std::string_view layers);

// Calls, names and headers of tests/tidy/banned_calls.txt (the text of it) in the folders that it
// names. An exception of that file that nothing needs is a finding too.
Findings check_banned_calls(const Tree& tree, std::string_view banned);

// Headers that nobody includes, sources that no target compiles, scripts that nothing names.
Findings check_dead_files(const Tree& tree);

// Columns, tabs, blanks at line ends, last newline, notes of unfinished work, file modes, and paths
// of one machine: `checkout` is where the tree lies now.
Findings check_form(const Tree& tree, std::string_view checkout);

// Functions of at most 70 lines, files of at most 400. Finds functions by their braces, roughly.
Findings check_lengths(const Tree& tree);

}  // namespace vss::tidy
