// The freezer's conversation with vssd: registers at freezer.sock, hands events to the transaction,
// sends what it says, streams plans, and comes back when vssd went away.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "freezer/outbox.hpp"
#include "freezer/plan_source.hpp"
#include "freezer/thawed_page.hpp"
#include "freezer/transaction.hpp"
#include "wire/participant.hpp"

namespace vss::freezer {

// Main thread only; never blocks.
class Session final : public TransactionListener {
 public:
  Session(std::string socket_path, PlanSource& plans, const ThawedPage& page, bool debug);

  // The transaction and the session know each other: set before anything else is called.
  void set_transaction(Transaction& transaction) { transaction_ = &transaction; }

  int descriptor() const { return socket_.get(); }
  bool wants_write() const { return !outbox_.empty() || !streams_.empty(); }
  void on_readable();
  void on_writable() { send_what_waits(); }
  // Connects when it is time to, and nothing is open (opens by path).
  void on_time(base::Instant now);
  base::Instant next_deadline() const;

  bool connected() const { return socket_.valid(); }
  bool was_connected() const { return was_connected_; }

  void reply(const wire::Reply& reply) override;
  void detail(const wire::MountDetail& detail) override;
  void planned(std::shared_ptr<const Planning> planning, base::TransactionId id) override;
  void status_changed() override;

 private:
  // A plan on its way to vssd, mount by mount, as there is room.
  struct Stream {
    std::shared_ptr<const Planning> planning;
    base::TransactionId transaction;
    std::uint32_t tag = 0;
    bool ends_with_summary = false;  // an answer to kPlan
    std::size_t next = 0;
  };

  void connect(base::Instant now);
  void handle(std::span<const std::byte> packet);
  void on_event(const wire::FrameView& frame);
  void on_registered(const wire::FrameView& frame);
  void on_plan(const wire::FrameView& frame);
  void push(wire::FrameWriter&& frame, Outbox::Kind kind);
  void send_what_waits();
  void fill_from_streams();
  void lose(std::string_view why);
  void say(std::string_view line);

  std::string path_;
  PlanSource& plans_;
  const ThawedPage& page_;
  Transaction* transaction_ = nullptr;
  bool debug_;
  base::UniqueFd socket_;
  bool was_connected_ = false;
  std::string_view failed_;  // why the connection is to be given up, from the next on_time()
  base::FixedText<256> last_said_;
  base::Instant connect_at_;
  base::Duration back_off_;
  Outbox outbox_;
  std::deque<Stream> streams_;
  std::vector<std::byte> packet_;
  std::optional<wire::FreezerStatus> last_status_;
};

}  // namespace vss::freezer
