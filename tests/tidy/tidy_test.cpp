// The rules over this tree.
#include <gtest/gtest.h>

#include "tidy/rules.hpp"

namespace vss::tidy {
namespace {

const Tree& this_tree() {
  static const Tree tree = read_tree(OPENVSS_SOURCE_DIR);
  return tree;
}

const std::string& text_of(std::string_view path) {
  static const std::string kNone;
  for (const SourceFile& file : this_tree()) {
    if (file.path == path) return file.text;
  }
  ADD_FAILURE() << path << " is missing";
  return kNone;
}

void expect_none(const Findings& findings) {
  for (const Finding& finding : findings)
    ADD_FAILURE() << to_text(finding);
}

TEST(ThisTree, IncludesOnlyWhatTheLayersAllow) {
  expect_none(check_layers(this_tree(), text_of("cmake/layers.txt")));
}

TEST(ThisTree, CallsNothingThatIsBannedWhereItStands) {
  expect_none(check_banned_calls(this_tree(), text_of("tests/tidy/banned_calls.txt")));
}

TEST(ThisTree, HasNoDeadFiles) {
  expect_none(check_dead_files(this_tree()));
}

TEST(ThisTree, HasTheFormThatEditorsExpect) {
  expect_none(check_form(this_tree(), OPENVSS_SOURCE_DIR));
}

TEST(ThisTree, HasFilesAndFunctionsThatFitAHead) {
  expect_none(check_lengths(this_tree()));
}

}  // namespace
}  // namespace vss::tidy
