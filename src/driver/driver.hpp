// vssd's shell: carries events to the coordinator and performs what it asks for, on one thread.
#pragma once

#include <sys/types.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/configuration.hpp"
#include "coordinator/coordinator.hpp"
#include "devices/cuse/node_server.hpp"
#include "devices/socket/participant_server.hpp"
#include "driver/host_story.hpp"
#include "driver/line_limit.hpp"
#include "driver/log.hpp"
#include "driver/note.hpp"
#include "driver/open_transaction.hpp"
#include "driver/plan_desk.hpp"
#include "driver/thawed_page.hpp"
#include "driver/trace.hpp"
#include "driver/waiting_records.hpp"
#include "platform/event_loop.hpp"
#include "platform/service_notifier.hpp"
#include "records/store.hpp"
#include "requesters/control/control_server.hpp"
#include "requesters/host_link.hpp"

namespace vss::driver {

// Listening sockets, made by the service manager or before privileges were given up.
struct DriverSockets {
  base::UniqueFd app, freezer, control;
};

// The doors through which hosts are served; what is not set is not served.
struct HostDoors {
  std::string hv_vss_device;         // /dev/vmbus/hv_vss, or what stands in for it
  bool uio = false;                  // the channel itself, through uio_hv_generic
  std::string shared_memory_socket;  // of a host that shares memory
  std::vector<uid_t> host_users;     // whose host is believed there
  std::optional<Trace> trace;        // takes every message
};

struct DriverOptions {
  std::string version;
  std::vector<std::string> warnings;  // of setting up; shown by status
  base::TransactionId last_thawed;    // on the page of an earlier freezer, where it is known
  uid_t freezer_user = 0;             // tests name their own
  std::optional<gid_t> administrator_group;
  std::optional<uid_t> administrator_user;  // beside user 0: who runs an unprivileged vssd
  int kernel_log = -1;                      // open for writing; -1: it may not be opened
};

class Driver final : private devices::NodeHost,
                     private requesters::ControlHost,
                     private requesters::HostLinkOwner {
 public:
  // All references must outlive the driver. Reads the note of the driver before this one.
  Driver(platform::EventLoop& loop, platform::ServiceNotifier& notifier, Log& log,
         const config::Configuration& configuration, const DriverOptions& options, NoteFile note,
         records::RecordStore store);
  ~Driver() override;

  // From here on connections are served, whenever the loop runs.
  void serve(DriverSockets sockets);

  // Before serve().
  void add_doors(HostDoors doors);
  // Before serve(), too: the device nodes, or why there are none, for `status`.
  void add_nodes(base::Result<devices::Nodes> nodes, devices::MakeNode make = devices::make_node);

  // Ends what is open, then stops the loop; not later than after kStopAtMost. From a handler of the
  // loop.
  void shut_down();
  static constexpr base::Duration kStopAtMost = base::seconds{30};

  // Something may be frozen, by this driver or by the one before it: no disk is touched. Also after
  // the loop has stopped.
  bool disks_may_be_frozen() const { return window_open_ || lost_.has_value(); }

 private:
  // From the servers.
  void on_participant_event(const coordinator::Event& event) override;
  void on_freezer_news(const wire::FrameView& news) override;
  void on_thawed_page(int descriptor) override;
  void on_connection_over(std::string_view who, std::string_view why) override;
  void on_requester_event(const coordinator::Event& event) override;
  void on_transaction_request(const coordinator::Event& event,
                              const wire::ControlRequest& request) override;
  base::Status ask_for_plan(coordinator::RequesterId requester,
                            const wire::ControlRequest& request) override;
  coordinator::TransactionId open_transaction() const override;
  std::string status_json() const override;
  std::string writers_json() const override;
  std::string history_json() const override;
  base::Result<std::string> record_json(
      std::optional<coordinator::TransactionId> id) const override;

  // From hosts' links (hosts.cpp).
  void on_host_event(const coordinator::Event& event) override;
  void on_exchange(const requesters::HostExchange& exchange) override;
  void on_traffic(requesters::TrafficEvent what, std::span<const std::byte> bytes) override;
  bool may_open_paths() const override { return !disks_may_be_frozen() && stop_by_.is_never(); }
  // From the nodes as well. What is left frozen stays so for long, and a host that is not served
  // gets no answer, not even a refusal.
  bool may_open_devices() const override {
    return may_open_paths() || (nobody_thaws() && stop_by_.is_never());
  }
  void log(base::LogSeverity severity, std::string_view text) override;
  void on_deadline_changed() override;
  void call_hosts(base::Instant now);
  base::Instant next_host_deadline() const;
  void answer(const coordinator::Answer& answer);

  // The pump (driver.cpp). What happens while actions are performed waits in the queue.
  struct Queued {
    coordinator::Event event;
    std::unique_ptr<RequestDetails> details;  // of a request for a transaction
  };
  void post(const coordinator::Event& event, std::unique_ptr<RequestDetails> details = nullptr);
  void step(const coordinator::Event& event, std::unique_ptr<RequestDetails> details);
  void on_deadline();
  void set_next_deadline();
  void watch_thawed_page();
  base::Instant next_page_look(base::Instant now);
  bool freezer_connected() const;
  void stop_if_finished(base::Instant now);
  void refuse(const coordinator::Event& request, std::string_view reason);
  static constexpr std::string_view kRequestTooLarge =
      "the request's paths and the configured exclude patterns are too long together; name fewer";

  // Actions (actions.cpp). What is for a participant goes to both servers: each knows its own.
  template <typename Action>
  void perform_for_participant(const Action& action);
  void perform(const coordinator::AcceptParticipant& accept);
  void perform(const coordinator::RefuseParticipant& refuse);
  void perform(const coordinator::Tell& tell);
  void perform(const coordinator::Withdraw& withdraw);
  void perform(const coordinator::TellLate& late);
  void perform(const coordinator::GrantTime& grant);
  void perform(const coordinator::Answer& answer);
  void perform(const coordinator::Notify& notify);
  void perform(const coordinator::WriteNote& note);
  void perform(const coordinator::CloseNote& note);
  void perform(const coordinator::EnterFreezeWindow& enter);
  void perform(const coordinator::LeaveFreezeWindow& leave);
  void perform(const coordinator::KeepRecord& keep);
  void perform(const coordinator::TellKernelLog& line);
  void finish_step();
  void write_records();

  // Plans (plans.cpp).
  void on_plan_end(const wire::FrameView& news);
  void send_next_plan();
  void fail_current_plan(std::string_view reason);

  // What may be frozen is thawed by another daemon or an administrator alone: to wait is of no use.
  bool nobody_thaws() const { return coordinator_.left_frozen().valid(); }
  void settle_lost();

  platform::EventLoop& loop_;
  platform::ServiceNotifier& notifier_;
  Log& log_;
  const config::Configuration& configuration_;
  const DriverOptions options_;
  NoteFile note_;
  const Note found_note_;
  records::RecordStore store_;
  const coordinator::FirstNumbers first_;
  coordinator::Coordinator coordinator_;
  devices::ParticipantServer participants_;
  std::optional<devices::NodeServer> nodes_;
  std::string no_nodes_;  // why not
  requesters::ControlServer control_;

  struct NamedLink {
    std::string_view name;
    std::unique_ptr<requesters::HostLink> link;
  };
  std::vector<NamedLink> hosts_;
  HostStory host_story_;
  std::optional<Trace> trace_;

  std::deque<Queued> queue_;
  bool pumping_ = false;
  base::Instant coordinator_deadline_ = base::Instant::never();

  OpenTransaction transaction_;
  bool window_open_ = false;
  WaitingRecords unwritten_;                      // until the end of the freeze window
  std::vector<coordinator::Notify> end_notices_;  // of this step: go out after the record
  std::optional<coordinator::OpenNote> lost_;     // not known yet to be thawed
  base::Instant lost_settled_at_ = base::Instant::never();

  ThawedPage thawed_page_;
  base::TransactionId last_mark_;
  base::Instant next_page_look_ = base::Instant::never();
  coordinator::FreezerStanding standing_;
  PlanDesk plans_;

  bool log_waits_ = false;
  LineLimit connection_lines_{300, base::seconds{60}};  // more than writers there are usually
  base::Instant next_alive_ = base::Instant::never();
  base::Instant stop_by_ = base::Instant::never();  // set by shut_down()
};

}  // namespace vss::driver
