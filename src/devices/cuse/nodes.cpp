// The nodes' lives: made, lost, made again.
#include "devices/cuse/node_interface.hpp"
#include "devices/cuse/node_server.hpp"
#include "platform/clock.hpp"
#include "platform/cuse_access.hpp"

namespace vss::devices {

using platform::CuseDevice;

namespace {

using Sentence = base::FixedText<480>;

base::Result<std::vector<base::UniqueFd>> open_all() {
  std::vector<base::UniqueFd> all;
  while (all.size() < platform::kHandedInCuseCount) {
    auto cuse = platform::open_cuse();
    if (!cuse) return std::unexpected(cuse.error());
    all.push_back(std::move(*cuse));
  }
  return all;
}

}  // namespace

base::Result<std::unique_ptr<CuseDevice>> make_node(Kind kind) {
  auto cuse = platform::open_cuse();
  if (!cuse) return std::unexpected(cuse.error());
  return CuseDevice::make(std::move(*cuse), node_name(kind));
}

base::Result<Nodes> make_nodes(std::vector<base::UniqueFd> cuse) {
  if (cuse.empty()) {
    auto opened = open_all();
    if (!opened) return std::unexpected(opened.error());
    cuse = std::move(*opened);
  }
  if (cuse.size() != platform::kHandedInCuseCount) {
    return base::fail("the service manager hands in " + std::to_string(cuse.size()) +
                      " descriptors of /dev/cuse, not " +
                      std::to_string(platform::kHandedInCuseCount) +
                      ": vssd.service needs FileDescriptorStoreMax=");
  }
  const auto take = [&cuse] {
    base::UniqueFd last = std::move(cuse.back());
    cuse.pop_back();
    return last;
  };
  Nodes nodes;
  nodes.lock = take();
  if (auto locked = platform::lock_cuse(nodes.lock.get()); !locked) {
    return std::unexpected(locked.error());
  }
  for (const Kind kind : {Kind::kFilesystem, Kind::kApplication}) {
    auto made = CuseDevice::make(take(), node_name(kind));
    if (!made) return std::unexpected(made.error());
    (kind == Kind::kFilesystem ? nodes.filesystem : nodes.application) = std::move(*made);
  }
  return nodes;
}

void NodeServer::on_lost(Kind kind) {
  host_.log(base::LogSeverity::kError,
            Sentence{"/dev/"}
                .append(node_name(kind))
                .append(" is gone: its connection was ended from outside, as by `abort` below "
                        "/sys/class/cuse; its clients must open it again. It is made again when "
                        "nothing is frozen any more that somebody will thaw"));
  forget_clients(kind);
  host_.on_deadline_changed();
}

base::Instant NodeServer::next_deadline() const {
  if (!ending_.empty()) return {};  // at once
  // Otherwise the owner calls when devices may be opened again.
  if (!host_.may_open_devices()) return base::Instant::never();
  return base::earlier_of(nodes_[0].due(), nodes_[1].due());
}

void NodeServer::on_time(base::Instant now) {
  reap();
  for (Node& node : nodes_) {
    if (now >= node.due() && host_.may_open_devices()) make_again(node, now);
  }
}

// Once for each thing that is wrong, however often it is tried.
void NodeServer::make_again(Node& node, base::Instant now) {
  auto made = make_(node.kind());
  if (!made) {
    node.failed(now);
    if (made.error().message == failure_) return;
    failure_ = made.error().message;
    return host_.log(base::LogSeverity::kError,
                     Sentence{"/dev/"}
                         .append(node_name(node.kind()))
                         .append(" cannot be made again, and is tried again: ")
                         .append(failure_));
  }
  node.serve(std::move(*made));
  failure_.clear();
  host_.log(base::LogSeverity::kInfo,
            Sentence{"/dev/"}.append(node_name(node.kind())).append(" is served again"));
}

std::string NodeServer::standing() const {
  std::string text;
  for (const Node& node : nodes_) {
    if (!text.empty()) text += ", ";
    text += std::string("/dev/") + node_name(node.kind()) +
            (node.is_served() ? ": served" : ": gone, to be made again");
  }
  return failure_.empty() ? text : text + " (" + failure_ + ')';
}

}  // namespace vss::devices
