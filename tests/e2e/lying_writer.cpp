// A writer that answers every question with yes and holds nothing: what a broken one looks like.
//
//   lying_writer RUNTIME_DIRECTORY NAME
#include <cstdio>
#include <vss/writer.hpp>

namespace {

class LyingWriter : public vss::Writer {
 public:
  using Writer::Writer;

 protected:
  vss::Answer freeze(const vss::Request&) override { return vss::yes(); }
  vss::Answer thaw(const vss::Request&) override { return vss::yes(); }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: lying_writer RUNTIME_DIRECTORY NAME\n");
    return 2;
  }
  vss::Options options;
  options.runtime_dir = argv[1];
  options.name = argv[2];
  LyingWriter(options).run();
}
