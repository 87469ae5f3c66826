// Each rule seen red on a small bad tree, and green on its repair.
#include "tidy/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vss::tidy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SourceFile file(std::string path, std::string text, bool executable = false) {
  return {std::move(path), std::move(text), executable};
}

std::vector<std::string> texts(const Findings& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings)
    all.push_back(to_text(finding));
  return all;
}

// --- layers ---

constexpr const char* kLayers =
    "# folder: may include\nbase:\nwire: base\ndevices: base\nvss:\nwriters: vss\nsdk: vss base\n"
    "tools:\n";

std::vector<std::string> layers(const std::string& path, const std::string& line) {
  return texts(check_layers({file(path, line + "\n")}, kLayers));
}

TEST(LayersRule, AFolderIncludesItselfAndWhatItsLineNames) {
  EXPECT_THAT(layers("src/wire/a.cpp",
                     "#include \"wire/a.hpp\"\n#include \"base/time.hpp\"\n"
                     "#include <vector>\n#include <base/not_ours.h>"),
              IsEmpty());
}

TEST(LayersRule, NothingIncludesUpwards) {
  EXPECT_THAT(layers("src/base/a.hpp", "#pragma once\n#include \"wire/frame.hpp\""),
              ElementsAre("src/base/a.hpp:2: base may not include wire (cmake/layers.txt)"));
}

TEST(LayersRule, APublicHeaderIncludesOnlyPublicOnes) {
  EXPECT_THAT(layers("include/vss/a.h", "#include \"base/time.hpp\"").size(), 1U);
  EXPECT_THAT(layers("include/vss/a.h", "#include <vss/b.h>"), IsEmpty());
}

TEST(LayersRule, AWriterIncludesTheSdkThroughItsPublicHeadersOnly) {
  EXPECT_THAT(layers("writers/exec/a.cpp", "#include <vss/writer.h>\n#include \"writers/b.hpp\""),
              IsEmpty());
  EXPECT_THAT(layers("writers/exec/a.cpp", "#include \"sdk/handle.hpp\"").size(), 1U);
  EXPECT_THAT(layers("writers/a.cpp", "#include \"base/time.hpp\"").size(), 1U);
  EXPECT_THAT(layers("src/base/a.cpp", "#include <vss/writer.h>").size(), 1U);
}

TEST(LayersRule, ASubFolderIncludesTheOneAboveAndNotTheOtherWayRound) {
  EXPECT_THAT(layers("src/devices/socket/a.cpp", "#include \"devices/session.hpp\""), IsEmpty());
  EXPECT_THAT(layers("src/devices/a.cpp", "#include \"devices/socket/door.hpp\"").size(), 1U);
  EXPECT_THAT(layers("src/devices/cuse/a.cpp", "#include \"devices/socket/door.hpp\"").size(), 1U);
}

TEST(LayersRule, TestsAndProgramsIncludeAnything) {
  for (const char* path :
       {"src/base/a_test.cpp", "tests/e2e/a.cpp", "programs/a.cpp", "bench/a.cpp"}) {
    EXPECT_THAT(layers(path, "#include \"wire/frame.hpp\""), IsEmpty()) << path;
  }
}

TEST(LayersRule, AHeaderThatOnlyTestsIncludeIsATest) {
  const SourceFile fixture = file("src/base/fixture.hpp", "#include \"wire/frame.hpp\"\n");
  const SourceFile test = file("src/base/a_test.cpp", "#include \"base/fixture.hpp\"\n");
  const SourceFile user = file("src/base/a.cpp", "#include \"base/fixture.hpp\"\n");
  const SourceFile benchmark = file("bench/a.cpp", "#include \"base/fixture.hpp\"\n");
  EXPECT_THAT(check_layers({fixture, test, benchmark}, kLayers), IsEmpty());
  EXPECT_EQ(check_layers({fixture, test, user}, kLayers).size(), 1U);
}

// --- banned calls ---

const std::string kBanned =
    "# head\nfolders freeze-safe base freezer\nfreeze-safe | open() std::stoi() | opens | "
    "platform/\n"
    "freeze-safe | std::regex throw <fstream> | locale | nothing\n";

std::vector<std::string> banned(const std::string& code, const std::string& more = "",
                                const std::string& path = "src/freezer/a.cpp") {
  return texts(check_banned_calls({file(path, code + "\n")}, kBanned + more));
}

TEST(BannedCallsRule, ACallIsNamedWithLineReasonAndRemedy) {
  EXPECT_THAT(
      banned("void f() {\n  const int fd = ::open(\"/x\", 0);\n}"),
      ElementsAre("src/freezer/a.cpp:2: open() in a freeze-safe folder: opens; use platform/"));
}

TEST(BannedCallsRule, EveryWayToCallIt) {
  for (const char* call :
       {"int a = open(p);", "return open(p);", "if (!open(p)) f();", "f(open (p));",
        "std::open(p);", "{ open(p); }", "x && open(p);", "else open(p);", "f(a, ::open\n(p));"}) {
    EXPECT_THAT(banned(call).size(), 1U) << call;
  }
}

TEST(BannedCallsRule, WhatOnlyLooksLikeIt) {
  for (const char* call : {"file.open(p);", "file->open(p);", "File::open(p);", "int open(int);",
                           "base::Result<File> open(int);", "File& open(int);", "reopen(p);",
                           "open_all(p);", "int open = 1;", "// open(p)", "/* open(p) */",
                           "f(\"open(p)\");", "f(R\"(open(p))\");", "std::vector<int> regex;"}) {
    EXPECT_THAT(banned(call), IsEmpty()) << call;
  }
}

TEST(BannedCallsRule, NamesAndHeadersWhereverTheyStand) {
  EXPECT_THAT(banned("std::regex r;").size(), 1U);
  EXPECT_THAT(banned("throw 1;").size(), 1U);
  EXPECT_THAT(banned("#include <fstream>").size(), 1U);
  EXPECT_THAT(banned("int a = std::stoi(b);").size(), 1U);
  EXPECT_THAT(banned("int a = stoi(b);"), IsEmpty());
}

TEST(BannedCallsRule, OnlyInItsFoldersAndNotInTests) {
  EXPECT_THAT(banned("int a = open(p);", "", "src/platform/linux/a.cpp"), IsEmpty());
  EXPECT_THAT(banned("int a = open(p);", "", "src/freezer/a_test.cpp"), IsEmpty());
  EXPECT_THAT(banned("int a = open(p);", "", "src/base/sub/a.hpp").size(), 1U);
}

TEST(BannedCallsRule, AnExceptionIsForOneFileAndOneCall) {
  const std::string allow = "allow src/freezer/a.cpp open() | before arming\n";
  EXPECT_THAT(banned("int a = open(p);", allow), IsEmpty());
  EXPECT_THAT(banned("int a = open(p); throw 1;", allow).size(), 1U);
}

TEST(BannedCallsRule, AnExceptionThatNothingNeedsIsFound) {
  EXPECT_THAT(banned("int a;", "allow src/freezer/a.cpp open() | before arming\n"),
              ElementsAre("tests/tidy/banned_calls.txt:5: nothing needs this exception: "
                          "src/freezer/a.cpp open()"));
}

TEST(BannedCallsRule, AMalformedLineIsFound) {
  for (const char* line : {"freeze-safe | open() | why", "nowhere | open() | why | use",
                           "allow src/a.cpp open()", "allow src/a.cpp open() | ", "nonsense"}) {
    EXPECT_THAT(banned("", std::string(line) + "\n").size(), 1U) << line;
  }
}

// --- dead files ---

TEST(DeadFilesRule, AHeaderThatNobodyIncludes) {
  const SourceFile header = file("src/base/a.hpp", "#include \"base/a.hpp\"\n");
  EXPECT_THAT(texts(check_dead_files({header})),
              ElementsAre("src/base/a.hpp: no file includes this header"));
  EXPECT_THAT(check_dead_files({header, file("programs/CMakeLists.txt", "add_executable(b b.cpp)"),
                                file("programs/b.cpp", "#include \"base/a.hpp\"\n")}),
              IsEmpty());
}

TEST(DeadFilesRule, ASourceThatNoTargetCompiles) {
  const SourceFile source = file("src/x/linux/a.cpp", "");
  EXPECT_THAT(texts(check_dead_files({source, file("src/x/CMakeLists.txt", "vss_folder(x)\n")})),
              ElementsAre("src/x/linux/a.cpp: no target compiles this"));
  for (const char* text : {"file(GLOB s linux/*.cpp)", "add_executable(a linux/a.cpp)",
                           "file(GLOB s ${CMAKE_CURRENT_SOURCE_DIR}/linux/*.cpp)"}) {
    EXPECT_THAT(check_dead_files({source, file("src/x/CMakeLists.txt", text)}), IsEmpty()) << text;
  }
  EXPECT_THAT(check_dead_files({source, file("src/x/CMakeLists.txt", "# linux/a.cpp")}).size(), 1U);
  EXPECT_THAT(
      check_dead_files({file("src/x/a.cpp", ""), file("src/x/CMakeLists.txt", "vss_folder(x)")}),
      IsEmpty());
}

TEST(DeadFilesRule, AScriptThatNothingNames) {
  const SourceFile script = file("cmake/deps.sh", "#!/bin/sh\n# deps.sh\n", true);
  EXPECT_THAT(texts(check_dead_files({script})),
              ElementsAre("cmake/deps.sh: nothing names this script"));
  EXPECT_THAT(check_dead_files({script, file("Makefile", "deps:\n\tcmake/deps.sh\n")}), IsEmpty());
  EXPECT_THAT(check_dead_files({file(".ci/run", "#!/bin/sh\n", true)}), IsEmpty());
}

TEST(DeadFilesRule, APythonModuleIsNamedByItsImport) {
  const SourceFile module = file("tests/e2e/harness/images.py", "");
  const SourceFile user = file("tests/e2e/a_test.py", "from harness import images\n");
  const SourceFile lists = file("tests/e2e/CMakeLists.txt", "e2e_test(a 60)\n");
  EXPECT_THAT(check_dead_files({module, user, lists}), IsEmpty());
  EXPECT_EQ(check_dead_files({module, lists}).size(), 1U);
  EXPECT_EQ(check_dead_files({module, user}).size(), 1U);
}

// --- form ---

std::vector<std::string> form(const std::string& path, const std::string& text,
                              bool executable = false) {
  return texts(check_form({file(path, text, executable)}, "/srv/checkout/openvss"));
}

TEST(FormRule, ColumnsAreCharacters) {
  const std::string wide(100, 'x');
  EXPECT_THAT(form("src/a.cpp", wide + "\n"), IsEmpty());
  EXPECT_THAT(form("src/a.cpp", wide + "x\n"),
              ElementsAre("src/a.cpp:1: 101 columns, at most 100"));
  EXPECT_THAT(form("src/a.cpp", wide.substr(1) + "…\n"), IsEmpty());
  EXPECT_THAT(form("docs/a.md", wide + "x\n"), IsEmpty());
}

TEST(FormRule, BlanksAndNewlines) {
  EXPECT_THAT(form("src/a.cpp", "a\n\tb\n"), ElementsAre("src/a.cpp:2: a tab"));
  EXPECT_THAT(form("Makefile", "a:\n\tb\n"), IsEmpty());
  EXPECT_THAT(form("src/a.cpp", "a \n"), ElementsAre(HasSubstr("blanks at the line's end")));
  EXPECT_THAT(form("src/a.cpp", "a\r\n"), ElementsAre(HasSubstr("blanks at the line's end")));
  EXPECT_THAT(form("src/a.cpp", "a"), ElementsAre(HasSubstr("no newline at the end")));
  EXPECT_THAT(form("src/a.cpp", "a\n\n"), ElementsAre(HasSubstr("a blank last line")));
  EXPECT_THAT(form("fuzz/corpus/x/a", "a \tb"), IsEmpty());
}

TEST(FormRule, NotesOfUnfinishedWork) {
  EXPECT_THAT(form("src/a.cpp",
                   "// TO"
                   "DO: later\n")
                  .size(),
              1U);
  EXPECT_THAT(form("docs/a.md",
                   "FIX"
                   "ME\n")
                  .size(),
              1U);
  EXPECT_THAT(form("src/a.cpp",
                   "mkdtemp(\"/tmp/a.XX"
                   "XXXX\");\n"),
              IsEmpty());
}

TEST(FormRule, AFileIsExecutableWhenItIsAScript) {
  EXPECT_THAT(form("src/a.cpp", "a\n", true), ElementsAre(HasSubstr("is executable")));
  EXPECT_THAT(form("a.sh", "#!/bin/sh\n"), ElementsAre(HasSubstr("is not executable")));
  EXPECT_THAT(form("a.sh", "#!/bin/sh\n", true), IsEmpty());
}

TEST(FormRule, APathOfTheCheckout) {
  EXPECT_THAT(form("docs/a.md", "see /srv/checkout/openvss/docs\n"),
              ElementsAre("docs/a.md:1: a path of this machine: /srv/checkout/openvss"));
  EXPECT_THAT(form("docs/a.md", "see /srv/checkout/openvss_not\n"), IsEmpty());
}

// --- lengths ---

std::vector<std::string> lengths(const std::string& text) {
  return texts(check_lengths({file("src/a.cpp", text)}));
}
std::string body(std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i)
    text += "  f(i);\n";
  return text;
}

TEST(LengthsRule, AFunctionOfMoreThanSeventyLines) {
  EXPECT_THAT(lengths("void a() {\n" + body(68) + "}\n"), IsEmpty());
  EXPECT_THAT(lengths("\nvoid a() {\n" + body(69) + "}\n"),
              ElementsAre("src/a.cpp:2: a function of 71 lines, at most 70"));
}

TEST(LengthsRule, EveryKindOfFunctionIsSeen) {
  for (const char* head :
       {"namespace n {\nint a() const noexcept {", "class C {\n int a(int x = 0) override {",
        "C::C(int x) : a_(x), b_{x} {", "auto a() -> std::vector<int> {", "TEST(A, B) {",
        "bool operator==(const C& a) {",
        "template <typename T>\nclass C : public B<T> {\n void a() {", "extern \"C\" int a(void) {",
        "namespace n {\nstruct S {\n  int x = f();\n  S() {"}) {
    EXPECT_THAT(lengths(head + ("\n" + body(75)) + "}\n}\n}\n").size(), 1U) << head;
  }
}

TEST(LengthsRule, WhatIsNoFunctionMayBeLong) {
  for (const char* head :
       {"namespace n {", "class C final : public B {", "enum class E {",
        "constexpr Row kTable[] = {", "const auto kRows = std::to_array<Row>({"}) {
    EXPECT_THAT(lengths(head + ("\n" + body(75)) + "}\n"), IsEmpty()) << head;
  }
}

TEST(LengthsRule, AFileOfMoreThanFourHundredLines) {
  EXPECT_THAT(lengths(std::string(400, '\n')), IsEmpty());
  EXPECT_THAT(lengths(std::string(401, '\n')),
              ElementsAre("src/a.cpp: 401 lines, at most 400: split it by purpose"));
}

}  // namespace
}  // namespace vss::tidy
