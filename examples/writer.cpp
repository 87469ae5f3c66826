// A writer in C++: a counter kept in a file. Usage: writer_cpp RUNTIME_DIR [until SIGTERM]
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <vss/writer.hpp>

class Counter : public vss::Writer {
 public:
  explicit Counter(const char* runtime_dir)
      : Writer({.name = "example-cpp",
                .runtime_dir = runtime_dir,
                .level = VSS_LEVEL_APPLICATION,
                .required = false}) {}

 protected:
  vss::Answer freeze(const vss::Request&) override {
    std::fseek(file_, 0, SEEK_SET);
    std::fprintf(file_, "%ld\n", count_);
    return std::fflush(file_) == 0 ? vss::yes() : vss::no("the counter's file cannot be written");
  }
  vss::Answer thaw(const vss::Request&) override {
    ++count_;
    return vss::yes();
  }
  void disconnected(const std::string& why) override {
    std::fprintf(stderr, "waiting for vssd: %s\n", why.c_str());
  }

 private:
  std::FILE* file_ = std::tmpfile();
  long count_ = 0;
};

static vss::Writer* running;

int main(int argc, char** argv) {
  Counter counter(argc > 1 ? argv[1] : "/run/openvss");
  running = &counter;
  std::signal(SIGTERM, [](int) { running->stop(); });
  counter.run();
}
