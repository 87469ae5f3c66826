// Writes one frame of each kind into a directory: the corpus of frame_fuzz. Run it when a frame
// gains a field. Usage: frame_corpus fuzz/corpus/frame
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "wire/control.hpp"
#include "wire/participant.hpp"

namespace {

using namespace vss::wire;
using namespace std::chrono_literals;

std::string directory;

void save(const char* name, FrameWriter frame) {
  const auto bytes = frame.bytes();
  std::ofstream(directory + "/" + name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

Event event() {
  return {.operation = Operation::kFreeze,
          .message_id = 5,
          .transaction = {77},
          .reply_deadline = {1'000},
          .hold_deadline = {2'000}};
}

void save_participant_frames() {
  save("read", FrameWriter(FrameKind::kRead, 1));
  save("write", FrameWriter(FrameKind::kWrite, 1, {.operation = 2, .message_id = 5}));
  Registration registration;
  registration.name = "ledger";
  registration.version = "1";
  save("register_writer", make_frame(registration));
  registration.role = Role::kFreezer;
  registration.freezer_status = FreezerStatus{.clean = true, .reason = "waits"};
  save("register_freezer", make_frame(registration));
  save("registered", make_frame(RegistrationReply{.timeout = 2s, .reason = "ok"}));
  save("event", make_frame(event()));
  Reply reply;
  reply.operation = 2;
  reply.message_id = 5;
  reply.reason = "no";
  reply.summary = FilesystemSummary{.to_freeze = 1};
  save("reply", make_frame(reply));
  save("more_time", make_more_time({5, 1s}));
  save("more_time_reply", make_more_time_reply({5, 1s}));
  save("late", make_late(2, 5));
}

void save_filesystem_frames() {
  auto request = std::make_unique<FilesystemRequest>();
  request->selection = Selection::kPaths;
  request->paths.push_back("/srv");
  request->exclude.push_back("/mnt/*");
  save("event_with_request", make_frame(event(), *request));
  save("plan", make_plan_request(*request, 3));
  save("plan_end", make_plan_end({.to_freeze = 1}, 3, 0, "done"));
  MountDetail detail;
  detail.mount_point = "/srv";
  detail.filesystem_type = "ext4";
  detail.source = "/dev/loop0";
  detail.reason = "a filesystem of its own";
  save("detail", make_frame(detail));
  save("freezer_status", make_frame(FreezerStatus{.guardian_alive = true, .reason = "waits"}));
}

void save_control_frames() {
  auto request = std::make_unique<ControlRequest>();
  request->command = ControlCommand::kSnapshot;
  request->note = "cp";
  request->filesystems.selection = Selection::kNone;
  save("control_request", make_frame(*request, 1));
  save("control_reply", make_frame(ControlReply{.transaction = {7}, .reason = "held"}, 1));
  save("control_notice",
       make_frame(ControlNotice{.kind = NoticeKind::kEnded, .outcome = {.reason = "torn"}}));
  save("control_data", make_control_data("{}", 1));
}

}  // namespace

int main(int count, char** values) {
  if (count != 2) return std::fprintf(stderr, "usage: frame_corpus DIRECTORY\n"), 2;
  directory = values[1];
  save_participant_frames();
  save_filesystem_frames();
  save_control_frames();
}
