// docs/doctor.md lists every finding, and no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace vss::doctor {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  std::set<std::string> found;
  const std::regex expression(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

// What the judging sources give out, read from them: a code that nobody documents cannot be missed.
std::set<std::string> codes_in_sources() {
  std::set<std::string> codes;
  for (const auto& entry : std::filesystem::directory_iterator(DOCTOR_SOURCES)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("judge_") || name.ends_with("_test.cpp")) continue;
    codes.merge(
        matches(text_of(entry.path()), R"re((?:Severity::k[A-Z][a-z]+),\s+"([a-z-]+)",)re"));
  }
  return codes;
}

std::set<std::string> without(const std::set<std::string>& all, const std::set<std::string>& some) {
  std::set<std::string> rest;
  std::ranges::set_difference(all, some, std::inserter(rest, rest.end()));
  return rest;
}

TEST(DoctorPage, ListsEveryFindingAndNoOther) {
  const auto codes = codes_in_sources();
  const auto listed = matches(text_of(DOCTOR_PAGE), "\n\\| `([a-z-]+)` \\| (?:failure|risk|note)");
  EXPECT_GT(codes.size(), 45U);
  EXPECT_THAT(without(codes, listed), ::testing::IsEmpty());
  EXPECT_THAT(without(listed, codes), ::testing::IsEmpty());
}

}  // namespace
}  // namespace vss::doctor
