#include "testing/fake_server.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "base/unique_fd.hpp"
#include "system.hpp"
#include "wire/participant.hpp"

using namespace vss;

struct fake_server {
  std::string directory;
  std::string path;
  base::UniqueFd listener;
  base::UniqueFd connection;
  base::UniqueFd page;
  std::vector<std::byte> packet;
};

namespace {

constexpr int kPatienceMs = 2000;

void wait_for(int descriptor) {
  pollfd ready = {descriptor, POLLIN, 0};
  VSS_ASSERT(::poll(&ready, 1, kPatienceMs) == 1);
}

wire::FrameView take(fake_server& server) {
  wait_for(server.connection.get());
  server.packet.resize(wire::kFrameBytesMax);
  const ssize_t size =
      ::recv(server.connection.get(), server.packet.data(), server.packet.size(), 0);
  VSS_ASSERT(size > 0);
  server.packet.resize(static_cast<std::size_t>(size));
  const auto frame = wire::decode_frame(server.packet);
  VSS_ASSERT(frame.has_value());
  return *frame;
}

void send(fake_server& server, wire::FrameWriter frame) {
  fake_server_send(&server, frame.bytes().data(), frame.bytes().size());
}

void accept_connection(fake_server& server) {
  wait_for(server.listener.get());
  server.connection.reset(::accept4(server.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  VSS_ASSERT(server.connection.valid());
  VSS_ASSERT(wire::decode_registration(take(server)).has_value());
}

base::Instant after_ms(std::int64_t ms) {
  return sdk::now() + base::milliseconds(ms);
}

}  // namespace

fake_server* fake_server_start() {
  const char* base_directory = ::getenv("TMPDIR");
  std::string directory =
      std::string(base_directory != nullptr ? base_directory : "/tmp") + "/vss_sdk_XXXXXX";
  VSS_ASSERT(::mkdtemp(directory.data()) != nullptr);
  auto* server = new fake_server;
  server->directory = directory;
  server->path = directory + "/app.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  VSS_ASSERT(server->path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, server->path.data(), server->path.size());
  server->listener.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  VSS_ASSERT(::bind(server->listener.get(), any, sizeof address) == 0);
  VSS_ASSERT(::listen(server->listener.get(), 4) == 0);
  return server;
}

void fake_server_stop(fake_server* server) {
  ::unlink(server->path.c_str());
  ::rmdir(server->directory.c_str());
  delete server;
}

const char* fake_server_socket(const fake_server* server) {
  return server->path.c_str();
}

void fake_server_accept(fake_server* server) {
  accept_connection(*server);
  send(*server,
       wire::make_frame(wire::RegistrationReply{.timeout = base::seconds(2), .reason = {}}));
}

void fake_server_refuse(fake_server* server, const char* reason) {
  accept_connection(*server);
  send(*server, wire::make_frame(wire::RegistrationReply{
                    .status = wire::kStatusFail, .timeout = {}, .reason = reason}));
  fake_server_hang_up(server);
}

void fake_server_hang_up(fake_server* server) {
  server->connection.reset();
}

void fake_server_tell(fake_server* server, uint32_t operation, uint64_t id, uint64_t transaction,
                      int64_t reply_ms, int64_t hold_ms) {
  const auto hold = hold_ms != 0 ? after_ms(hold_ms) : base::Instant::never();
  send(*server, wire::make_frame(wire::Event{.operation = wire::Operation{operation},
                                             .message_id = id,
                                             .transaction = {transaction},
                                             .reply_deadline = after_ms(reply_ms),
                                             .hold_deadline = hold}));
}

void fake_server_late(fake_server* server, uint32_t operation, uint64_t id) {
  send(*server, wire::make_late(operation, id));
}

void fake_server_send(fake_server* server, const void* bytes, size_t size) {
  VSS_ASSERT(::send(server->connection.get(), bytes, size, MSG_NOSIGNAL) >= 0);
}

void fake_server_take_reply(fake_server* server, fake_reply* reply) {
  const auto taken = wire::decode_reply(take(*server));
  VSS_ASSERT(taken.has_value());
  *reply = {};
  reply->operation = taken->operation;
  reply->status = taken->status;
  reply->id = taken->message_id;
  std::memcpy(reply->reason, taken->reason.view().data(), taken->reason.size());
}

int fake_server_has_packet(fake_server* server) {
  pollfd ready = {server->connection.get(), POLLIN, 0};
  return ::poll(&ready, 1, 0);
}

uint64_t fake_server_grant(fake_server* server, int64_t granted_ms) {
  const auto more = wire::decode_more_time(take(*server));
  VSS_ASSERT(more.has_value());
  send(*server, wire::make_more_time_reply({more->message_id, base::milliseconds(granted_ms)}));
  return static_cast<uint64_t>(more->duration.count());
}

void fake_server_send_page(fake_server* server) {
  if (!server->page) {
    server->page.reset(::memfd_create("thawed", MFD_CLOEXEC));
    VSS_ASSERT(::ftruncate(server->page.get(), 4096) == 0);
  }
  wire::FrameWriter frame(wire::FrameKind::kThawedPage, 0);
  iovec io{const_cast<std::byte*>(frame.bytes().data()), frame.bytes().size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int descriptor = server->page.get();
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  VSS_ASSERT(::sendmsg(server->connection.get(), &message, MSG_NOSIGNAL) > 0);
}

void fake_server_publish_thawed(fake_server* server, uint64_t transaction) {
  VSS_ASSERT(::pwrite(server->page.get(), &transaction, sizeof transaction, 0) ==
             sizeof transaction);
}
