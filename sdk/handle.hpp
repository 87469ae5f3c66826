// The body of a `vss_writer`: one connection to vssd, and what is owed to the application.
#pragma once

#include <vss/writer.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "answers.hpp"
#include "base/fixed_text.hpp"
#include "base/unique_fd.hpp"
#include "obligation.hpp"
#include "system.hpp"
#include "thawed_page.hpp"
#include "wire/participant.hpp"

namespace vss::sdk {

// Functions return what the functions of writer.h of the same name return, and say what those say.
class Handle {
 public:
  explicit Handle(const vss_writer_options& options);  // may throw std::bad_alloc
  int open();
  ~Handle() { close_connection(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  int connect();
  int descriptor() const { return wakeup_.descriptor(); }
  bool is_connected() const { return socket_.valid(); }
  int next(vss_event& event);
  int reply(std::uint64_t id, bool success, std::string_view reason);
  int more_time(std::uint64_t id, std::uint64_t duration);
  const char* error() const { return error_.data(); }

 private:
  // What one packet came to: an event for the application, nothing to tell, or the end.
  enum class Outcome : std::uint8_t { kEvent, kNothing, kLost };

  int check_options(wire::Registration& registration);
  int check_server(int socket);
  bool receive(vss_event& event);  // true: an event was filled in
  Outcome handle(const wire::FrameView& frame, vss_event& event);
  Outcome handle_registered(const wire::FrameView& frame, vss_event& event);
  Outcome handle_event(const wire::FrameView& frame, vss_event& event);
  Outcome handle_more_time(const wire::FrameView& frame, vss_event& event);
  Outcome answer_ourselves(const wire::Event& event, bool success, std::string_view reason);
  Outcome malformed(std::string_view what);

  int find_unanswered(std::uint64_t id, Answers::Asked*& asked);
  bool send(wire::FrameWriter frame);  // false: the connection is lost
  void lose(int error, std::string_view text);
  void close_connection();
  void set_timer();
  int fail(int error, std::string_view text);

  // As given by the application.
  std::string name_;
  std::string path_;
  std::string version_;
  int level_;
  int criticality_;
  std::uint64_t timeout_;
  std::int64_t server_uid_;

  Wakeup wakeup_;
  base::UniqueFd socket_;
  Answers answers_;
  Obligation obligation_;
  ThawedPage thawed_page_;
  int end_of_connection_ = 0;  // the error that next() has still to report
  std::array<char, 512> error_{"not connected yet"};
  std::array<std::byte, wire::kFrameBytesMax> packet_;
};

}  // namespace vss::sdk
