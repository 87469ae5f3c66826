// C++ text without its comments, literals and preprocessor lines.
#pragma once

#include <string>
#include <string_view>

namespace vss::tidy {

// Comments, the insides of string and character literals (raw ones too) and whole preprocessor
// directives become blanks; newlines stay, so that line numbers do.
std::string stripped(std::string_view cpp);

}  // namespace vss::tidy
