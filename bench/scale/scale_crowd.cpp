// The client's side of bench/scale: crowds of writers at vssd and at the bare echo, in turn, and
// how long each takes for a whole PREPARE, FREEZE, THAW. One JSON object a line on standard output.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/runtime_paths.hpp"
#include "base/unique_fd.hpp"
#include "crowd.hpp"
#include "peers.hpp"

namespace {

using namespace vss;
using conformance::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{120'000};

double milliseconds_since(steady_clock::time_point began) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - began).count();
}

// One server, its crowd, and the connection that asks for the transactions.
class Side {
 public:
  Side(std::string name, const std::string& directory)
      : name_(std::move(name)),
        crowd_(directory + "/" + base::runtime::kAppSocket),
        control_(directory + "/" + base::runtime::kControlSocket) {}

  bool grow_to(std::size_t size) {
    if (!control_.connected()) return complain("nobody listens");
    size_ = size;
    return crowd_.grow_to(size, kPatience) || complain("the crowd did not get in");
  }

  // False: something was not as it should be, and said.
  bool transaction(int repetition) {
    const std::size_t answered = crowd_.answered();
    const auto began = steady_clock::now();
    if (!ask(wire::ControlCommand::kSnapshot)) return false;
    const double down = milliseconds_since(began);
    const auto released = steady_clock::now();
    if (!ask(wire::ControlCommand::kThaw)) return false;
    const double up = milliseconds_since(released);
    const auto ended = steady_clock::now();
    if (!crowd_.serve_until_readable(control_.descriptor(), kPatience) || !control_.notice()) {
      return complain("no word that the transaction has ended");
    }
    const double record = milliseconds_since(ended);
    if (crowd_.answered() - answered != 3 * size_) return complain("not everybody was asked");
    std::printf(
        "{\"method\": \"%s\", \"writers\": %zu, \"rep\": %d, \"down_ms\": %.3f, "
        "\"up_ms\": %.3f, \"record_ms\": %.3f}\n",
        name_.c_str(), size_, repetition, down, up, record);
    return true;
  }

  bool complain(const std::string& what) const {
    std::fprintf(stderr, "scale_crowd: %s: %s\n", name_.c_str(), what.c_str());
    return false;
  }

 private:
  bool ask(wire::ControlCommand command) {
    control_.ask(conformance::request_for(command));
    if (!crowd_.serve_until_readable(control_.descriptor(), kPatience)) {
      return complain("no answer");
    }
    const auto reply = control_.reply();
    if (!reply) return complain("no answer");
    if (reply->status != wire::kStatusSuccess) return complain(std::string(reply->reason.view()));
    return true;
  }

  std::string name_;
  std::size_t size_ = 0;
  conformance::Crowd crowd_;
  conformance::ControlPeer control_;
};

struct Order {
  std::size_t writers = 0;
  int repetition = -1;  // -1: let so many in
};

// A process of its own for each side: none needs more than one set of descriptors, and it is killed
// with the one that started it. Between two orders it sleeps.
class Worker {
 public:
  Worker(const char* name, const std::string& directory) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
    orders_.reset(ends[0]);
    const base::UniqueFd theirs{ends[1]};
    if (::fork() != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    orders_.reset();
    work(std::make_unique<Side>(name, directory), theirs.get());
  }

  bool obey(const Order& order) const {
    bool good = false;
    return ::send(orders_.get(), &order, sizeof order, MSG_NOSIGNAL) == sizeof order &&
           ::recv(orders_.get(), &good, sizeof good, 0) == sizeof good && good;
  }

 private:
  [[noreturn]] static void work(std::unique_ptr<Side> side, int orders) {
    for (Order order; ::recv(orders, &order, sizeof order, 0) == sizeof order;) {
      const bool good =
          order.repetition < 0 ? side->grow_to(order.writers) : side->transaction(order.repetition);
      std::fflush(stdout);
      if (::send(orders, &good, sizeof good, MSG_NOSIGNAL) != sizeof good) break;
    }
    ::_exit(0);
  }

  base::UniqueFd orders_;
};

using Workers = std::vector<Worker>;

bool measure(const Workers& workers, std::size_t writers, int repetitions) {
  for (const Worker& worker : workers) {
    if (!worker.obey({.writers = writers})) return false;
  }
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    for (std::size_t i = 0; i < workers.size(); ++i) {
      const auto turn = (i + static_cast<std::size_t>(repetition)) % workers.size();
      if (!workers[turn].obey({.writers = writers, .repetition = repetition})) return false;
    }
  }
  return true;
}

}  // namespace

int main(int count, char** values) {
  std::string runtime_dir;
  std::string echo_dir;
  std::vector<std::size_t> writers;
  int repetitions = 0;
  CLI::App app("Crowds of writers, and what they take.", "scale_crowd");
  app.add_option("--runtime-dir", runtime_dir, "vssd's")->required();
  app.add_option("--echo-dir", echo_dir, "scale_echo's; without it only vssd is measured");
  app.add_option("--writers", writers, "how many; ascending, if several")->required();
  app.add_option("--repetitions", repetitions, "transactions with each number of writers");
  CLI11_PARSE(app, count, values);

  if (conformance::connections_possible(writers.back()) < writers.back()) {
    std::fprintf(stderr, "scale_crowd: not enough file descriptors (ulimit -Hn)\n");
    return 1;
  }
  Workers workers;
  workers.emplace_back("openvss", runtime_dir);
  if (!echo_dir.empty()) workers.emplace_back("echo", echo_dir);
  for (const std::size_t number : writers) {
    if (!measure(workers, number, repetitions)) return 1;
  }
  std::puts("{\"done\": true}");
  std::fflush(stdout);
  for (;;)
    ::pause();  // connected until it is killed
}
