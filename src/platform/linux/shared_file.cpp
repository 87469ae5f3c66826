#include "platform/shared_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace vss::platform {
namespace {

std::unexpected<base::Error> file_error(const char* verb, const std::string& path, int error) {
  return base::fail(std::string("cannot ") + verb + " " + path + ": " + std::strerror(error),
                    error);
}

}  // namespace

SharedMapping::SharedMapping(SharedMapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SharedMapping& SharedMapping::operator=(SharedMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SharedMapping::~SharedMapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

base::Result<SharedFile> open_shared_file(const std::string& path, std::size_t size, mode_t mode) {
  SharedFile file;
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  file.fd.reset(::open(path.c_str(), kFlags | O_CREAT | O_EXCL, mode));
  file.made = file.fd.valid();
  if (!file.fd && errno == EEXIST) file.fd.reset(::open(path.c_str(), kFlags));
  if (!file.fd) return file_error("open", path, errno);
  struct stat info{};
  if (::fstat(file.fd.get(), &info) != 0) return file_error("examine", path, errno);
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) {
    return base::fail("refusing " + path + ": it must be a regular file that belongs to user " +
                      std::to_string(::geteuid()) + "; remove it");
  }
  if (file.made && ::fchmod(file.fd.get(), mode) != 0) return file_error("chmod", path, errno);
  // posix_fallocate never shrinks: what another process maps stays.
  const int error = ::posix_fallocate(file.fd.get(), 0, static_cast<off_t>(size));
  if (error != 0) {
    if (file.made) ::unlink(path.c_str());
    return file_error("take memory for", path, error);
  }
  return file;
}

base::Result<base::UniqueFd> open_for_reading(const std::string& path) {
  base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd) return file_error("open", path, errno);
  return fd;
}

base::Result<SharedMapping> map_shared(int fd, std::size_t size, bool writable) {
  struct stat info{};
  if (::fstat(fd, &info) != 0 || info.st_size < static_cast<off_t>(size)) {
    return base::fail("the shared file is shorter than " + std::to_string(size) + " bytes", EINVAL);
  }
  void* const at = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                          MAP_SHARED | MAP_POPULATE, fd, 0);
  if (at == MAP_FAILED) {
    return base::fail(std::string("cannot map the shared file: ") + std::strerror(errno), errno);
  }
  SharedMapping mapping;
  mapping.data_ = static_cast<std::byte*>(at);
  mapping.size_ = size;
  return mapping;
}

bool try_lock(int fd) {
  return ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace vss::platform
