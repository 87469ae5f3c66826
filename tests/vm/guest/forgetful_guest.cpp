// A guest on /dev/uioN that answers the first BU_COMPLETE as it should, a little later, and forgets
// to signal: a host that tests guests has to notice.
//
//   forgetful_guest DEVICE BYTES-OF-BOTH-RINGS
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t kHeaderBytes = 4096;
constexpr std::size_t kReadIndexAt = 4;
constexpr std::size_t kAnswerFlagsAt = 0x29;  // from the start of the packet
constexpr useconds_t kThinking = 500'000;     // until the host waits

std::atomic_ref<std::uint32_t> word(std::uint8_t* ring, std::size_t at) {
  return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(ring + at));
}

int fail(const char* what) {
  std::perror(what);
  return 1;
}

// The rings are new: what is in them begins at their first byte.
std::uint32_t answer_first_packet(std::uint8_t* sending, std::uint8_t* receiving) {
  while (word(receiving, 0) == 0)
    usleep(1000);
  usleep(kThinking);
  const std::uint32_t bytes = word(receiving, 0);
  std::memcpy(sending + kHeaderBytes, receiving + kHeaderBytes, bytes);
  sending[kHeaderBytes + kAnswerFlagsAt] = 5;
  word(receiving, kReadIndexAt) = bytes;
  word(sending, 0) = bytes;
  return bytes;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const int device = open(words[1], O_RDWR | O_CLOEXEC);
  if (device < 0) return fail(words[1]);
  const std::size_t bytes = std::strtoul(words[2], nullptr, 0);
  void* rings = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
  if (rings == MAP_FAILED) return fail("mmap");
  auto* sending = static_cast<std::uint8_t*>(rings);
  answer_first_packet(sending, sending + bytes / 2);
  pause();
  return 0;
}
