// The freezer's end of the connection to the guardian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/identity.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "freezer/guardian_protocol.hpp"
#include "freezer/slots.hpp"
#include "freezer/thawed_page.hpp"

namespace vss::freezer {

// Never blocks. What happens comes out of receive(); one question is open at a time, and whoever
// asks watches the time.
class GuardianLink {
 public:
  enum class News {
    kNothing,
    kReady,  // greeted: may be armed
    kArmed,
    kDeadlineSet,
    kDisarmed,
    kLost,  // gone, or it refused: reason() says why
  };

  // While nothing is open (opens by path). Nothing happens when connected.
  void connect(const std::string& path, const SlotTable& table, const ThawedPage& page);
  void close();

  // To wait on; -1 when not connected. More is to be sent when wants_write().
  int descriptor() const { return socket_.get(); }
  bool wants_write() const { return next_to_send_ < arming_.size(); }
  News receive();
  News continue_sending();

  bool ready() const { return greeted_; }
  bool armed() const { return armed_; }  // or asked to: to be disarmed
  const base::FixedText<160>& reason() const { return reason_; }

  // `filesystems[i]` for slot i; they must stay open until kArmed. Not empty.
  News arm(base::TransactionId transaction, std::vector<int> filesystems);
  News set_deadline(base::TransactionId transaction, base::Instant deadline);
  News disarm(base::TransactionId transaction);

 private:
  News lost(std::string_view reason);
  News send(GuardianPacket packet, std::span<const int> descriptors = {});

  base::UniqueFd socket_;
  bool greeted_ = false;
  bool armed_ = false;
  base::TransactionId transaction_;
  std::vector<int> arming_;
  std::size_t next_to_send_ = 0;
  base::FixedText<160> reason_{"the guardian was not reached yet; start vss-guardian"};
};

}  // namespace vss::freezer
