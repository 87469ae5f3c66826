// What the coordinator asked for, performed in its order.
#include <unistd.h>

#include "driver/driver.hpp"
#include "platform/clock.hpp"
#include "platform/console.hpp"

namespace vss::driver {

template <typename Action>
void Driver::perform_for_participant(const Action& action) {
  participants_.perform(action);
  if (nodes_) nodes_->perform(action);
}

void Driver::perform(const coordinator::AcceptParticipant& accept) {
  perform_for_participant(accept);
}
void Driver::perform(const coordinator::RefuseParticipant& refuse) {
  perform_for_participant(refuse);
}
void Driver::perform(const coordinator::Tell& tell) {
  participants_.perform(tell, transaction_.request());
  if (nodes_) nodes_->perform(tell);  // a plain daemon knows no request for certain filesystems
}
void Driver::perform(const coordinator::Withdraw& withdraw) {
  perform_for_participant(withdraw);
}
void Driver::perform(const coordinator::TellLate& late) {
  perform_for_participant(late);
}
void Driver::perform(const coordinator::GrantTime& grant) {
  perform_for_participant(grant);
}

void Driver::perform(const coordinator::Answer& given) {
  answer(given);
}

void Driver::perform(const coordinator::Notify& notify) {
  if (notify.what == coordinator::Notify::What::kEnded) {
    end_notices_.push_back(notify);
  } else {
    control_.perform(notify);
  }
}

void Driver::perform(const coordinator::WriteNote& note) {
  note_.write(note.note);
}
void Driver::perform(const coordinator::CloseNote&) {
  note_.close();
}

void Driver::perform(const coordinator::EnterFreezeWindow&) {
  window_open_ = true;
}
void Driver::perform(const coordinator::LeaveFreezeWindow&) {
  window_open_ = false;
  settle_lost();  // nothing of the driver before this one is frozen either
}

void Driver::perform(const coordinator::KeepRecord&) {
  const coordinator::Record& record = coordinator_.record();
  const bool good = record.result == coordinator::Result::kConsistent ||
                    record.result == coordinator::Result::kCheckPassed;
  log_.append(good ? base::LogSeverity::kInfo : base::LogSeverity::kWarning,
              base::FixedText<400>{"transaction "}
                  .append(base::to_text(record.id))
                  .append(": ")
                  .append(record.sentence));
  std::vector<records::HostPart> host;
  if (record.requester_kind != coordinator::RequesterKind::kLocal) {
    host = host_story_.told(record.requester, record.began);
    // A backup's story begins with its CHECK, which has a record of its own.
    if (!record.check_only) host_story_.forget(record.requester);
  }
  unwritten_.add(transaction_.make_record(record, std::move(host)));
}

// The log waits for the thaw of which this line says that nobody brings it about. Neither place
// waits for a reader.
void Driver::perform(const coordinator::TellKernelLog& line) {
  log_.error(line.text);
  if (options_.kernel_log >= 0) {
    platform::kernel_log_line(options_.kernel_log, line.text);
  } else if (platform::leads_to_no_file(STDERR_FILENO)) {
    platform::print_line(STDERR_FILENO, base::FixedText<260>{"vssd: "}.append(line.text));
  }
}

void Driver::finish_step() {
  if (!disks_may_be_frozen()) write_records();
  for (const coordinator::Notify& notice : end_notices_)
    control_.perform(notice);
  end_notices_.clear();
}

void Driver::write_records() {
  for (const records::TransactionRecord& record : unwritten_.all()) {
    if (const auto added = store_.add(record); !added) log_.error(added.error().message);
  }
  unwritten_.clear();
  if (const auto left_out = unwritten_.take_left_out(); left_out > 0) {
    log_.warning(base::FixedText<160>{}.append_number(left_out).append(
        " records of refused requests were left out: they came while no disk could be written"));
  }
}

// The disks can be trusted again: what the driver before this one left open gets its record. While
// they cannot, the end of the freeze window does this.
void Driver::settle_lost() {
  lost_settled_at_ = base::Instant::never();
  if (!lost_ || window_open_) return;
  unwritten_.add_first(record_of_lost(*lost_, platform::wall_clock_seconds()));
  lost_.reset();
  if (!disks_may_be_frozen()) write_records();
}

}  // namespace vss::driver
