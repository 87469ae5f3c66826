#include "records/record_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/unique_fd.hpp"

namespace vss::records {
namespace {

using base::UniqueFd;

std::unexpected<base::Error> failed(const std::string& what, int error) {
  return base::fail(what + ": " + std::strerror(error), error);
}

base::Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("cannot write", errno);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return failed("cannot sync", errno);
  return {};
}

}  // namespace

base::Result<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat about{};
  if (!fd || ::fstat(fd.get(), &about) != 0) return failed(path + ": cannot open", errno);
  if (!S_ISREG(about.st_mode)) return base::fail(path + ": is not a regular file");
  if (about.st_size > static_cast<off_t>(bytes_max)) {
    return base::fail(path + ": is larger than " + std::to_string(bytes_max) + " bytes");
  }
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path + ": cannot read", errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

base::Status replace_whole(const std::string& directory, const std::string& name,
                           const std::string& text) {
  const std::string path = directory + '/' + name;
  const std::string temporary = path + ".tmp";
  UniqueFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return failed(temporary + ": cannot create", errno);
  base::Status status = write_all(fd.get(), text);
  fd.reset();
  if (status && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = failed("cannot rename", errno);
  }
  if (!status) {
    ::unlink(temporary.c_str());
    return base::fail(path + ": " + status.error().message, status.error().os_errno);
  }
  const UniqueFd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return failed(directory + ": cannot sync", errno);
  return {};
}

}  // namespace vss::records
