// docs/protocol.md lists every behaviour of the original with the tests that hold it: all lines are
// there, and the tests exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace vss::conformance {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::set<std::string> tests_of_this_tree() {
  static const std::regex kTest(R"(TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  std::set<std::string> names;
  for (const char* folder : {"src", "tests", "sdk"}) {
    const std::filesystem::path root = std::filesystem::path(OPENVSS_SOURCE_DIR) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.path().string().ends_with("_test.cpp")) continue;
      const std::string text = text_of(entry.path());
      for (std::sregex_iterator match(text.begin(), text.end(), kTest), end; match != end;
           ++match) {
        names.insert((*match)[1].str() + "." + (*match)[2].str());
      }
    }
  }
  return names;
}

std::string line_of(const std::string& page, const std::string& label) {
  const auto begin = page.find("\n| " + label + " |");
  return begin == std::string::npos ? ""
                                    : page.substr(begin + 1, page.find('\n', begin + 1) - begin);
}

TEST(ProtocolPage, HoldsEachLineOfTheOriginalByTestsThatExist) {
  const std::string page =
      text_of(std::filesystem::path(OPENVSS_SOURCE_DIR) / "docs" / "protocol.md");
  const std::set<std::string> tests = tests_of_this_tree();
  std::vector<std::string> labels;
  for (int i = 1; i <= 11; ++i)
    labels.push_back("K" + std::to_string(i));
  for (int i = 1; i <= 23; ++i)
    labels.push_back(std::to_string(i));
  static const std::regex kName(R"(`(\w+\.\w+)`)");
  for (const std::string& label : labels) {
    const std::string line = line_of(page, label);
    ASSERT_FALSE(line.empty()) << "docs/protocol.md says nothing of " << label;
    int held_by = 0;
    for (std::sregex_iterator match(line.begin(), line.end(), kName), end; match != end; ++match) {
      EXPECT_TRUE(tests.contains((*match)[1])) << label << ": there is no test " << (*match)[1];
      ++held_by;
    }
    EXPECT_GT(held_by, 0) << label << " is held by nothing";
  }
}

}  // namespace
}  // namespace vss::conformance
