// Ten thousand writers at once.
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "base/runtime_paths.hpp"
#include "crowd.hpp"
#include "peers.hpp"
#include "running_program.hpp"

namespace vss::conformance {
namespace {

TEST(ManyWriters, TenThousandTakePartInOneHold) {
  const std::size_t size = connections_possible(base::kWritersMax);
  RunningProgram vssd({.configuration = "[writers]\nmax = " + std::to_string(size) + "\n"});
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  Crowd crowd(vssd.socket(base::runtime::kAppSocket));
  ASSERT_TRUE(crowd.grow_to(size, milliseconds{60'000})) << vssd.output();

  ControlPeer control(vssd.socket(base::runtime::kControlSocket));
  control.ask(request_for(wire::ControlCommand::kHold));
  EXPECT_EQ(crowd.serve_until(2 * size, milliseconds{60'000}), 2 * size);  // PREPARE, FREEZE
  const auto held = control.reply();
  ASSERT_TRUE(held);
  EXPECT_EQ(held->status, wire::kStatusSuccess) << held->reason.view();
  control.ask(request_for(wire::ControlCommand::kRelease));
  EXPECT_EQ(crowd.serve_until(size, milliseconds{30'000}), size);
  EXPECT_EQ(control.reply()->status, wire::kStatusSuccess);
  if (size < base::kWritersMax) {
    GTEST_SKIP() << "ONLY " << size << " OF " << base::kWritersMax
                 << " WRITERS TRIED: the limit of open files (ulimit -Hn) allows no more";
  }
}

}  // namespace
}  // namespace vss::conformance
