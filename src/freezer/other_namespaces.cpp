#include "freezer/other_namespaces.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace vss::freezer {
namespace {

// Processes that end while they are looked at may hide a namespace whose other processes live on.
constexpr int kListingsMax = 4;

std::string counted(std::size_t number, const char* one, const char* many) {
  return std::to_string(number) + (number == 1 ? one : many);
}

}  // namespace

base::Status OtherNamespaces::open() {
  close();
  for (int listing = 0; listing < kListingsMax; ++listing) {
    const auto complete = open_those_listed();
    if (!complete) {
      close();
      return std::unexpected(complete.error());
    }
    if (*complete) return {};
  }
  close();
  return base::fail(
      "mount namespaces end faster than they can be looked at, try again: " + why_ended_.message,
      why_ended_.os_errno);
}

void OtherNamespaces::close() {
  others_.clear();
}

// False: not all of them could be opened.
base::Result<bool> OtherNamespaces::open_those_listed() {
  const auto listed = platform::list_mount_namespaces(kernel_.proc);
  if (!listed) return std::unexpected(listed.error());
  hidden_ = listed->hidden;
  of_users_ = 0;
  bool complete = true;
  std::unordered_set<std::uint64_t> known;
  for (const Other& other : others_)
    known.insert(other.id);
  for (const platform::MountNamespace& space : listed->found) {
    if (known.contains(space.id)) continue;
    const auto found = open_one(space);
    if (!found) return std::unexpected(found.error());
    if (*found == Found::kPassedOver) ++of_users_;
    if (*found == Found::kEnded) complete = false;
  }
  return complete;
}

base::Result<OtherNamespaces::Found> OtherNamespaces::open_one(
    const platform::MountNamespace& space) {
  for (const pid_t process : space.processes) {
    auto found = open_by(space, kernel_.proc + "/" + std::to_string(process), process);
    if (found || !platform::may_have_ended(found.error().os_errno)) return found;
    why_ended_ = found.error();
  }
  return Found::kEnded;
}

base::Result<OtherNamespaces::Found> OtherNamespaces::open_by(const platform::MountNamespace& space,
                                                              const std::string& directory,
                                                              pid_t process) {
  const auto ours = kernel_.shares_user_namespace(directory);
  if (!ours) return std::unexpected(ours.error());
  if (!*ours) return Found::kPassedOver;
  if (others_.size() == kernel_.most) {
    return base::fail("there are more than " + std::to_string(kernel_.most) +
                      " mount namespaces: leave out --all-namespaces");
  }
  auto file = platform::MountTableFile::open(directory + "/mountinfo", 0);
  if (!file) return std::unexpected(file.error());
  const std::string seen_in =
      "process " + std::to_string(process) + " (" + platform::name_of_process(directory) + ")";
  others_.push_back({space.id, std::move(*file), directory + "/root", seen_in});
  return Found::kOpened;
}

base::Status OtherNamespaces::append_to(plan::MountTable& table) {
  for (Other& other : others_) {
    const auto text = other.file.read(buffer_);
    if (!text) return std::unexpected(text.error());
    if (auto added = table.append(*text, other.root, other.seen_in); !added) {
      return std::unexpected(plan::to_error(added.error(), "the mounts of " + other.seen_in));
    }
  }
  return {};
}

std::string OtherNamespaces::passed_over() const {
  std::string text;
  if (of_users_ > 0) {
    text =
        counted(of_users_, " mount namespace", " mount namespaces") + " of other user namespaces";
  }
  if (hidden_ > 0) {
    text += (text.empty() ? "" : " and ") + counted(hidden_, " process", " processes") +
            " that may not be examined";
  }
  return text.empty() ? text : "not looked at: " + text;
}

}  // namespace vss::freezer
