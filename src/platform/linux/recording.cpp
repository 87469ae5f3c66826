#include "platform/recording.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/unique_fd.hpp"
#include "platform/linux/sysfs.hpp"

namespace vss::platform {
namespace {

namespace fs = std::filesystem;

class Check {
 public:
  explicit Check(const std::string& directory)
      : directory_(directory), root_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  // The mount table of a recording must be there; the rest may be missing.
  base::Status all() const {
    if (!root_) return cannot_open((directory_ / "mountinfo").native(), errno);
    if (auto good = entry("mountinfo", Size::kAny); !good) return good;
    for (const char* const part : {"sys", "dev"}) {
      if (auto good = tree(part); !good) return good;
    }
    return labels();
  }

 private:
  enum class Size { kAttribute, kAny };

  static base::Status cannot_open(const std::string& path, int error) {
    return base::fail("cannot open " + path + ": " + ::strerrordesc_np(error), error);
  }
  base::Status wrong(const fs::path& name, const std::string& what) const {
    return base::fail((directory_ / name).native() + " " + what +
                      ": this is no recording of tools/record_plan.sh");
  }

  // O_PATH opens nothing but the name.
  base::Status entry(const fs::path& name, Size size) const {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const base::UniqueFd found{
        static_cast<int>(::syscall(SYS_openat2, root_.get(), name.c_str(), &how, sizeof how))};
    struct stat facts{};
    if (!found || ::fstat(found.get(), &facts) != 0) return not_found(name, errno);
    if (S_ISDIR(facts.st_mode)) return {};
    if (!S_ISREG(facts.st_mode)) return wrong(name, "is neither a file nor a directory");
    const bool fits = facts.st_size <= static_cast<off_t>(sysfs::kAttributeBytesMax);
    if (fits || size == Size::kAny) return {};
    return wrong(name, "is longer than " + std::to_string(sysfs::kAttributeBytesMax) + " bytes");
  }

  // A link may lead to what was not recorded.
  base::Status not_found(const fs::path& name, int error) const {
    if (error == EXDEV) return wrong(name, "leads out of " + directory_.native());
    std::error_code ignored;
    if (fs::is_symlink(directory_ / name, ignored)) return {};
    return cannot_open((directory_ / name).native(), error);
  }

  base::Status tree(const fs::path& part) const {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(directory_ / part, error);
    if (status.type() == fs::file_type::not_found) return {};
    if (status.type() != fs::file_type::directory) return wrong(part, "is no directory");
    fs::recursive_directory_iterator i(directory_ / part, error);
    for (const fs::recursive_directory_iterator end; !error && i != end; i.increment(error)) {
      const fs::path name = i->path().lexically_relative(directory_);
      if (auto good = entry(name, Size::kAttribute); !good) return good;
    }
    if (error) return cannot_open((directory_ / part).native(), error.value());
    return {};
  }

  base::Status labels() const {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(directory_ / "by-label", error);
    const bool usable =
        status.type() == fs::file_type::not_found || status.type() == fs::file_type::directory;
    return usable ? base::Status{} : wrong("by-label", "is no directory");
  }

  fs::path directory_;
  base::UniqueFd root_;
};

}  // namespace

base::Status check_recording(const std::string& directory) {
  return Check(directory).all();
}

}  // namespace vss::platform
