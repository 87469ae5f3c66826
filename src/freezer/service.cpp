#include "freezer/service.hpp"

#include <unistd.h>

#include <array>
#include <memory>
#include <optional>

#include "base/exit_status.hpp"
#include "base/runtime_paths.hpp"
#include "freezer/guardian_link.hpp"
#include "freezer/recovery.hpp"
#include "freezer/session.hpp"
#include "freezer/transaction.hpp"
#include "platform/clock.hpp"
#include "platform/console.hpp"
#include "platform/helper_process.hpp"
#include "platform/memory.hpp"
#include "platform/poll.hpp"
#include "platform/runtime_directory.hpp"
#include "platform/service_notifier.hpp"
#include "platform/socket.hpp"

namespace vss::freezer {
namespace {

using base::Instant;
using base::milliseconds;
using base::seconds;

constexpr std::size_t kHeapBytes = 16UL << 20;
constexpr std::size_t kStackBytes = 512UL << 10;
constexpr seconds kRecoveryPatience{5};  // before registering: longer, and vssd is told instead
constexpr seconds kStopPatience{10};     // for the last thaw when told to stop
constexpr seconds kFirstConnection{10};  // --exit-with-driver: for vssd to be there at all
constexpr milliseconds kGuardianRetry{200};
constexpr seconds kGuardianGreeting{1};

std::string path_in(const Options& options, const char* name) {
  return options.runtime_directory + "/" + name;
}

void say(std::string_view line) {
  platform::print_line(STDERR_FILENO, base::FixedText<1024>{"vss-freezer: "}.append(line));
}

base::Status lock_memory(const Options& options) {
  auto locked = platform::keep_memory_resident(kHeapBytes, kStackBytes);
  if (!locked) {
    if (options.require_locked_memory) return locked;
    say(locked.error().message);
  }
  if (!platform::become_io_flusher() && options.debug) {
    say("PR_SET_IO_FLUSHER is not permitted (CAP_SYS_RESOURCE): under memory pressure an "
        "allocation may wait for a frozen filesystem");
  }
  return {};
}

class Service {
 public:
  static base::Result<int> run(const Options& options, std::optional<platform::Background> start) {
    if (auto made = platform::make_runtime_directory(options.runtime_directory); !made) {
      return std::unexpected(made.error());
    }
    auto owner = OwnerLock::take(options.runtime_directory);
    if (!owner) return std::unexpected(owner.error());
    auto slots = SlotTable::open(path_in(options, base::runtime::kSlots));
    if (!slots) return std::unexpected(slots.error());
    auto page = ThawedPage::open(path_in(options, base::runtime::kThawedPage));
    if (!page) return std::unexpected(page.error());
    auto plans = PlanSource::open(options.places(), options.limits());
    if (!plans) return std::unexpected(plans.error());
    auto stop = platform::take_stop_signals();
    if (!stop) return std::unexpected(stop.error());
    if (auto locked = lock_memory(options); !locked) return std::unexpected(locked.error());
    auto service = std::make_unique<Service>(options, std::move(*slots), std::move(*page),
                                             std::move(*plans), std::move(*stop));
    service->recover();
    if (start) start->ready();
    service->notifier_.ready();
    const int status = service->loop();
    // What hangs in the kernel cannot be joined; the guardian goes on.
    if (!service->everything_ended()) ::_exit(status);
    return status;
  }

  Service(const Options& options, SlotTable slots, ThawedPage page, PlanSource plans,
          base::UniqueFd stop)
      : options_(options),
        slots_(std::move(slots)),
        page_(std::move(page)),
        plans_(std::move(plans)),
        stop_(std::move(stop)),
        session_(path_in(options, base::runtime::kFreezerSocket), plans_, page_, options.debug),
        transaction_({slots_, page_, plans_, guardian_, platform::freeze_ioctls(), session_}) {
    session_.set_transaction(transaction_);
  }

 private:
  void recover() {
    if (slots_.all_closed()) return;
    auto recovery = Recovery::start(slots_, platform::freeze_ioctls());
    if (!recovery) return say(recovery.error().message);
    recovery_ = std::move(*recovery);
    recovery_->wait(kRecoveryPatience);
    // Nothing is ours to keep frozen: lines about what is left may be written now or never.
    for (const std::string& line : recovery_->report())
      say(line);
    continue_recovery(platform::now());
  }

  // What could not be reached or thawed at the start is tried for as long as it takes: while this
  // process owns the slots nobody else may.
  void continue_recovery(Instant now) {
    if (!recovery_) return;
    recovery_->on_time(now);
    if (!recovery_->finished()) return;
    recovery_.reset();
    page_.publish(slots_.generation());
    session_.status_changed();
  }

  int loop() {
    started_ = platform::now();
    for (;;) {
      std::array<platform::PollEntry, 6> entries;
      entries[0].fd = stop_.get();
      entries[1].fd = session_.descriptor();
      entries[1].want_write = session_.wants_write();
      entries[2].fd = guardian_.descriptor();
      entries[2].want_write = guardian_.wants_write();
      entries[3].fd = transaction_.helper_descriptor();
      entries[4].fd = transaction_.lanes_descriptor();
      entries[5].fd = recovery_ ? recovery_->descriptor() : -1;
      platform::wait_until(entries, next_wake(platform::now()));
      dispatch(entries);
      if (const auto status = ended(platform::now())) return *status;
    }
  }

  // Only what was ready and is still the same descriptor: handling one may have closed another.
  void dispatch(std::span<const platform::PollEntry> entries) {
    if (entries[0].readable && platform::taken_signal(stop_.get()) != 0) stop();
    if (entries[4].readable) transaction_.on_lanes();
    if (entries[2].writable && guardian_.descriptor() == entries[2].fd) {
      transaction_.on_guardian(guardian_.continue_sending());
    }
    if (entries[2].readable && guardian_.descriptor() == entries[2].fd) from_guardian();
    if (entries[3].readable) transaction_.on_helper();
    if (entries[1].readable && session_.descriptor() == entries[1].fd) session_.on_readable();
    if (entries[1].writable && session_.descriptor() == entries[1].fd) session_.on_writable();
    const Instant now = platform::now();
    transaction_.on_time(now);
    session_.on_time(now);
    if (transaction_.idle()) plans_.close_other_namespaces();
    look_for_guardian(now);
    continue_recovery(now);
  }

  void from_guardian() {
    const auto news = guardian_.receive();
    if (news == GuardianLink::News::kReady) {
      // Ours, so not to be frozen either.
      if (auto peer = platform::peer_credentials(guardian_.descriptor())) {
        plans_.spared().add_executable_of(peer->process_id);
      }
    }
    transaction_.on_guardian(news);
  }

  void look_for_guardian(Instant now) {
    if (!transaction_.idle() || now < guardian_at_ || guardian_.ready()) return;
    const bool asked = guardian_.descriptor() >= 0;
    guardian_.close();  // one that does not even greet is stopped
    guardian_.connect(path_in(options_, base::runtime::kGuardianSocket), slots_, page_);
    guardian_at_ =
        now + (asked || guardian_.descriptor() >= 0 ? kGuardianGreeting : kGuardianRetry);
  }

  Instant next_wake(Instant now) const {
    Instant next = base::earlier_of(transaction_.next_deadline(now), session_.next_deadline());
    if (transaction_.idle() && !guardian_.ready()) next = base::earlier_of(next, guardian_at_);
    if (recovery_) next = base::earlier_of(next, recovery_->next_deadline(now));
    if (stopping_) next = base::earlier_of(next, stop_by_);
    return next;
  }

  void stop() {
    if (stopping_) return;
    stopping_ = true;
    notifier_.stopping();
    stop_by_ = platform::now() + kStopPatience;
    transaction_.abandon("vss-freezer was told to stop");
  }

  std::optional<int> ended(Instant now) {
    if (options_.exit_with_driver && !session_.connected()) {
      if (session_.was_connected()) stop();
      if (!session_.was_connected() && now - started_ > kFirstConnection) {
        say("vssd did not come");
        return base::kExitNo;
      }
    }
    if (!stopping_ || (!transaction_.idle() && now < stop_by_)) return std::nullopt;
    if (transaction_.idle() && slots_.all_closed()) return base::kExitYes;
    return base::kExitNo;  // the guardian or the stop hook goes on
  }

  bool everything_ended() const {
    return transaction_.idle() && (!recovery_ || recovery_->can_end());
  }

  const Options& options_;
  platform::ServiceNotifier notifier_;
  SlotTable slots_;
  ThawedPage page_;
  PlanSource plans_;
  base::UniqueFd stop_;
  GuardianLink guardian_;
  Session session_;
  Transaction transaction_;
  std::unique_ptr<Recovery> recovery_;
  Instant started_;
  Instant guardian_at_;
  bool stopping_ = false;
  Instant stop_by_ = Instant::never();
};

}  // namespace

base::Result<int> run_service(const Options& options) {
  if (!options.background) return Service::run(options, std::nullopt);
  auto background = platform::Background::enter();
  if (!background) return std::unexpected(background.error());
  return Service::run(options, std::move(*background));
}

}  // namespace vss::freezer
