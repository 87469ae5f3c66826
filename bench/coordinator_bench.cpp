// What the coordinator costs: a whole transaction, every participant obedient.
#include <benchmark/benchmark.h>

#include "coordinator/obedient_story.hpp"

namespace vss::coordinator {
namespace {

// Argument: writers, all of them on ten levels. Before it the freezer and the writers joined.
void transaction(benchmark::State& state) {
  Obedient story(
      {.writers = static_cast<std::size_t>(state.range(0)), .levels = 10, .troubles = false});
  std::uint32_t number = 0;
  story.transaction(++number);
  const std::uint64_t before = story.events();
  for ([[maybe_unused]] auto once : state)
    story.transaction(++number);
  if (story.finished() != number) state.SkipWithError("a transaction did not end");
  const auto events = static_cast<double>(story.events() - before);
  using benchmark::Counter;
  state.counters["events"] = Counter(events, Counter::kAvgIterations);
  state.counters["time/event"] = Counter(events, Counter::kIsRate | Counter::kInvert);
}
BENCHMARK(transaction)->Arg(10)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace vss::coordinator
