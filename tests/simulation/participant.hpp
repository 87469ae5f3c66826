// The far end of a connection to the driver: a process that is asked questions and answers them,
// rightly or as the scenario's faults say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/types.hpp"
#include "simulation/faults.hpp"
#include "simulation/link.hpp"
#include "simulation/random.hpp"
#include "simulation/scenario.hpp"
#include "wire/participant.hpp"

namespace vss::simulation {

class World;

// What it was asked, as it read it.
struct Question {
  wire::Operation operation{};
  std::uint64_t message_id = 0;
  base::TransactionId transaction;
  base::Instant reply_deadline = base::Instant::never();
  base::Instant hold_deadline = base::Instant::never();
};

class Participant {
 public:
  Participant(World& world, Actor actor, unsigned number, std::string name);
  virtual ~Participant() = default;
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  Actor actor() const { return actor_; }
  unsigned number() const { return number_; }
  const std::string& name() const { return name_; }
  bool running() const { return running_; }
  bool stopped() const { return stopped_; }
  bool plain() const { return plain_; }
  virtual bool killable() const { return true; }
  bool is_connected(std::uint64_t connection) const { return link_ && link_->id == connection; }

  // --- its life ---
  void start();  // runs, and connects until that succeeds
  // SIGKILL; the service manager starts it again, or nobody does.
  void die(std::optional<base::Duration> back_after);
  void stop(base::Duration how_long);  // SIGSTOP … SIGCONT
  void flood(std::uint64_t salt);
  void talk_nonsense();

  // --- called by its link ---
  void receive(std::vector<std::byte> packet);
  void connection_closed(std::uint64_t connection);

 protected:
  World& world() const { return world_; }
  Random& random() { return random_; }
  Link* link() { return link_.get(); }

  // Runs `what` after `delay` in this process: not at all if it died meanwhile, later if it is
  // stopped.
  void run_after(base::Duration delay, std::function<void()> what);
  void run_at(base::Instant when, std::function<void()> what);

  virtual void say_hello() = 0;                          // the first frame
  virtual void got_event(const Question& question) = 0;  // a question arrived
  virtual void got_late(std::uint64_t message_id) = 0;   // an answer did not count
  virtual void lost_connection() = 0;
  // Whether a yes to this, meant when it was asked, is still one.
  virtual bool still_true(const Question&) const { return true; }
  virtual bool may_connect() const { return true; }
  virtual void got_killed() {}                           // the process and its memory are gone
  virtual void got_frame(const wire::FrameView& frame);  // any frame of the driver

  // The answer as the actor means it. What is sent instead is the fault's matter.
  void answer(const Question& question, bool success, std::string_view reason,
              std::optional<wire::FilesystemSummary> summary = std::nullopt);
  void send(std::span<const std::byte> packet);
  void request_read();  // plain clients: IOCHVVSSREAD, when READY said so
  void set_plain() { plain_ = true; }

 private:
  struct Reply {
    Question question;
    bool success = false;
    std::string reason;
    std::optional<wire::FilesystemSummary> summary;
    bool clean = false;
  };

  // What an answer says of the next transaction: the freezer's says when it may begin.
  virtual bool leaves_nothing() const { return false; }

  void connect();
  void handle(std::span<const std::byte> packet);
  void asked(const Question& question);
  void send_reply(const Reply& reply, std::uint64_t message_id, std::uint32_t operation);
  void send_right(const Reply& reply) {
    send_reply(reply, reply.question.message_id,
               static_cast<std::uint32_t>(reply.question.operation));
  }
  void send_faulty(const Reply& reply, const FaultSpec& fault);
  void ask_more_time(const Question& question, std::uint64_t salt);
  void send_left_over(base::TransactionId transaction);

  World& world_;
  Actor actor_;
  unsigned number_;
  std::string name_;
  Random random_;
  bool plain_ = false;
  bool running_ = false;
  bool stopped_ = false;
  std::uint64_t life_ = 0;                      // counts its processes
  std::vector<std::function<void()>> waiting_;  // what it does once it is continued
  std::shared_ptr<Link> link_;
  std::optional<FaultSpec> fault_of_question_;  // of the one asked last
  std::uint64_t faulty_message_ = 0;
  std::vector<Reply> left_over_;  // to be sent in the next transaction
};

}  // namespace vss::simulation
