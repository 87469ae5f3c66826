// Limits on everything. What a limit cuts off is refused or counted, never silently lost.
#pragma once

#include <cstddef>

namespace vss::base {

inline constexpr std::size_t kWritersMax = 10'000;     // highest value configuration may ask for
inline constexpr std::size_t kWritersDefault = 256;    // app connections, configured by default
inline constexpr std::size_t kFilesystemsMax = 512;    // superblocks frozen in one transaction
inline constexpr std::size_t kMountsMax = 16'384;      // lines of one mount table
inline constexpr std::size_t kSelectedPathsMax = 128;  // paths of one request
inline constexpr std::size_t kNameBytesMax = 64;       // a writer's or requester's name
inline constexpr std::size_t kReasonBytesMax = 240;    // one sentence for a person
inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr int kLevelMin = 0;
inline constexpr int kLevelMax = 999;
inline constexpr int kLevelDefault = 100;

}  // namespace vss::base
