#include "running_driver.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/runtime_paths.hpp"
#include "platform/shared_file.hpp"
#include "platform/socket.hpp"

namespace vss::conformance {

namespace runtime = base::runtime;

namespace {

std::string make_directory(const char* pattern) {
  std::string path = pattern;
  EXPECT_NE(::mkdtemp(path.data()), nullptr) << pattern;
  return path;
}

}  // namespace

RunningDriver::RunningDriver()
    : directory_(make_directory("/dev/shm/vss-test-XXXXXX")),
      state_directory_(make_directory("/tmp/vss-test-state-XXXXXX")),
      null_(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {
  const std::string own = directory_ + "/" + runtime::kDriverDirectory;
  EXPECT_EQ(::mkdir(own.c_str(), 0700), 0);
  EXPECT_EQ(::chmod(directory_.c_str(), 0755), 0);  // others connect too
}

RunningDriver::~RunningDriver() {
  kill();
  std::filesystem::remove_all(directory_);
  std::filesystem::remove_all(state_directory_);
}

void RunningDriver::start() {
  auto note = platform::open_shared_file(socket(runtime::kDriverNote), driver::kNoteBytes, 0600);
  ASSERT_TRUE(note) << note.error().message;
  auto store = records::RecordStore::open(state_directory_);
  ASSERT_TRUE(store) << store.error().message;
  driver::DriverSockets sockets{
      .app = *platform::listen_at(socket(runtime::kAppSocket), 0660),
      .freezer = *platform::listen_at(socket(runtime::kFreezerSocket), 0600),
      .control = *platform::listen_at(socket(runtime::kControlSocket), 0666)};
  driver::DriverOptions options;
  options.version = "test";
  options.freezer_user = ::geteuid();
  options.kernel_log = kernel_log;
  if (user_is_administrator) options.administrator_user = ::geteuid();
  loop_ = std::make_unique<platform::EventLoop>();
  log_ = std::make_unique<driver::Log>(log_descriptor < 0 ? null_.get() : log_descriptor,
                                       base::LogSeverity::kDebug);
  driver_ =
      std::make_unique<driver::Driver>(*loop_, notifier_, *log_, configuration, options,
                                       driver::NoteFile(std::move(note->fd)), std::move(*store));
  auto wake = *platform::socket_pair();
  wake_read_ = std::move(wake.first);
  wake_write_ = std::move(wake.second);
  wake_watch_ = loop_->watch(wake_read_.get(), [this] {
    wake_watch_ = {};
    driver_->shut_down();
  });
  driver_->add_doors({.hv_vss_device = doors.hv_vss_device,
                      .shared_memory_socket = doors.shared_memory_socket,
                      .host_users = doors.host_users,
                      .trace = std::nullopt});
  if (serve_nodes) {
    auto nodes = devices::make_nodes();
    ASSERT_TRUE(nodes) << nodes.error().message;
    driver_->add_nodes(std::move(nodes));
  }
  driver_->serve(std::move(sockets));
  thread_ = std::thread([this] { loop_->run(); });
}

void RunningDriver::kill() {
  if (!thread_.joinable()) return;
  loop_->stop();
  end();
}

void RunningDriver::shut_down() {
  wake_write_.reset();
  end();
}

void RunningDriver::end() {
  thread_.join();
  wake_watch_ = {};
  driver_.reset();
  log_.reset();
  loop_.reset();
}

}  // namespace vss::conformance
