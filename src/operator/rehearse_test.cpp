#include <gmock/gmock.h>

#include "operator/vssctl_process.hpp"
#include "records/json.hpp"
#include "records/json_object.hpp"
#include "records/sample_record.hpp"

namespace vss::operators {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakePeer;
using ::testing::HasSubstr;
using testing::VssctlTest;
using wire::ControlCommand;
using wire::ControlRequest;
using wire::NoticeKind;

class RehearseTest : public VssctlTest {
 protected:
  // Plans nothing to freeze, holds, thaws, and has a record.
  void good_vssd() {
    serve([this](FakePeer& peer, const ControlRequest& request) {
      asked_.push_back(request.command);
      if (request.command == ControlCommand::kSnapshot) note_ = request.note.view();
      if (request.command == ControlCommand::kExplain) {
        return peer.document(records::to_json(records::testing::sample_record()));
      }
      if (request.command == ControlCommand::kPlan) {
        peer.send(wire::make_plan_end({}, peer.tag(), wire::kStatusSuccess, ""));
      }
      peer.reply(true, "", platform::now() + base::seconds(5));
      if (request.command == ControlCommand::kThaw) peer.notice(NoticeKind::kEnded, true);
    });
  }

  std::vector<ControlCommand> asked_;
  std::string note_;
};

TEST_F(RehearseTest, HoldsAndThawsAsASnapshotDoes) {
  good_vssd();
  const auto ended = run({"rehearse"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("a copy would have been application-consistent"),
                               HasSubstr("Timeline")));
  EXPECT_THAT(asked_, ElementsAre(ControlCommand::kPlan, ControlCommand::kSnapshot,
                                  ControlCommand::kThaw, ControlCommand::kExplain));
  EXPECT_THAT(note_, HasSubstr("rehearsal"));
}

TEST_F(RehearseTest, JsonIsOneDocument) {
  good_vssd();
  const auto ended = run({"rehearse", "--json"});
  const auto document = records::parse_document(ended.out, "openvss.rehearsal");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ((*document)["success"], true);
  EXPECT_EQ((*document)["record"]["id"], "6a11f0c2-3");
}

TEST_F(RehearseTest, RefusedIsANoThatSaysWhy) {
  serve([](FakePeer& peer, const ControlRequest&) { peer.reply(false, "busy: another is open"); });
  const auto ended = run({"rehearse"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr("not held: busy: another is open (`vssctl explain 6a11f0c2-3`"));
}

TEST_F(RehearseTest, TornIsANoWithItsTimeline) {
  serve([](FakePeer& peer, const ControlRequest& request) {
    if (request.command == ControlCommand::kExplain) {
      return peer.document(records::to_json(records::testing::sample_record()));
    }
    const bool good = request.command != ControlCommand::kThaw;
    peer.reply(good, good ? "" : "the guardian thawed /srv/a", platform::now() + base::seconds(5));
    if (!good) peer.notice(NoticeKind::kEnded, false, "the guardian thawed /srv/a");
  });
  const auto ended = run({"rehearse"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("would not have been good: the guardian thawed /srv/a"),
                               HasSubstr("Timeline")));
}

TEST_F(RehearseTest, WithoutVssdTheRemedyIsNamed) {
  const auto ended = run({"rehearse"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("start it"));
}

TEST_F(RehearseTest, OutputIntoAFileIsRefusedUnlessNothingFreezes) {
  good_vssd();
  const base::UniqueFd file(::open(path("out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const auto into_file = [&](std::vector<std::string> words) {
    const std::vector<std::string> where{"--runtime-dir", directory_, "--config",
                                         path("empty.toml")};
    words.insert(words.begin(), where.begin(), where.end());
    base::UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return finish(spawn(words, file.get(), VSSCTL_PROGRAM), nothing.get()).status;
  };
  EXPECT_EQ(into_file({"rehearse"}), 2);
  EXPECT_THAT(asked_, ::testing::IsEmpty());
  EXPECT_EQ(into_file({"rehearse", "--filesystems", "none"}), 0);
  EXPECT_THAT(read("out"), HasSubstr("Rehearsal"));
}

TEST_F(VssctlTest, DoctorWithoutVssdSaysThatABackupWouldFail) {
  const auto text = run({"doctor"});
  EXPECT_EQ(text.status, 3);
  EXPECT_THAT(text.out, AllOf(HasSubstr("A backup would fail."), HasSubstr("[vssd-unreachable]"),
                              HasSubstr(path("control.sock"))));
  const auto json = run({"doctor", "--json"});
  EXPECT_EQ(json.status, 3);
  const auto document = records::parse_document(json.out, "openvss.doctor");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ((*document)["exit_status"], 3);
}

}  // namespace
}  // namespace vss::operators
