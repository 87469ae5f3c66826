#include "driver/open_transaction.hpp"

#include <cstring>

#include "base/assert.hpp"

namespace vss::driver {

std::unique_ptr<RequestDetails> details_of(const wire::ControlRequest& request,
                                           const config::Configuration& configuration) {
  auto details = std::make_unique<RequestDetails>();
  details->filesystems = under_policy(request.filesystems, request.require_given, configuration);
  details->note = std::string(request.note.view());
  for (const wire::Path& path : details->filesystems.paths)
    details->paths.emplace_back(path.view());
  return details;
}

std::unique_ptr<RequestDetails> details_of_host(coordinator::RequesterKind kind,
                                                const config::Configuration& configuration) {
  auto details = std::make_unique<RequestDetails>();
  details->filesystems = configuration.filesystems;
  details->filesystems.require = static_cast<wire::Grade>(configuration.policy.of(kind).require);
  return details;
}

wire::FilesystemRequest under_policy(const wire::FilesystemRequest& request, bool require_given,
                                     const config::Configuration& configuration) {
  wire::FilesystemRequest asked = configuration.filesystems;
  asked.selection = request.selection;
  asked.paths = request.paths;
  const auto configured = configuration.policy.of(coordinator::RequesterKind::kLocal).require;
  asked.require = require_given ? request.require : static_cast<wire::Grade>(configured);
  return asked;
}

bool fits_a_frame(const wire::FilesystemRequest& request) {
  return wire::make_frame(wire::Event{}, request).complete() &&
         wire::make_plan_request(request, 0).complete();
}

OpenTransaction::OpenTransaction() : details_(std::make_unique<RequestDetails>()) {
  kept_.resize(kDetailBytesMax);  // touched now, so that it is resident
  kept_.clear();
}

void OpenTransaction::begin(base::TransactionId id, std::unique_ptr<RequestDetails> details,
                            std::int64_t wall_clock_seconds) {
  id_ = id;
  VSS_ASSERT(details);
  details_ = std::move(details);
  began_wall_ = wall_clock_seconds;
  kept_.clear();
  not_kept_ = 0;
}

void OpenTransaction::keep(const wire::FrameView& detail) {
  const auto size = static_cast<std::uint32_t>(detail.fields.size());
  if (kept_.size() + sizeof size + size > kDetailBytesMax) {
    ++not_kept_;
    return;
  }
  const auto* size_bytes = reinterpret_cast<const std::byte*>(&size);
  kept_.insert(kept_.end(), size_bytes, size_bytes + sizeof size);
  kept_.insert(kept_.end(), detail.fields.begin(), detail.fields.end());
}

records::TransactionRecord OpenTransaction::make_record(const coordinator::Record& record,
                                                        std::vector<records::HostPart> host) {
  std::vector<wire::MountDetail> details;
  for (std::span<const std::byte> rest = kept_; !rest.empty();) {
    std::uint32_t size = 0;
    std::memcpy(&size, rest.data(), sizeof size);
    rest = rest.subspan(sizeof size);
    const wire::FrameView frame{
        .kind = wire::FrameKind::kDetail, .tag = 0, .message = {}, .fields = rest.first(size)};
    const auto detail = wire::decode_mount_detail(frame);
    if (detail && detail->transaction == record.id) details.push_back(*detail);
    rest = rest.subspan(size);
  }
  records::RecordContext context{.began_wall = began_wall_,
                                 .note = details_->note,
                                 .paths = details_->paths,
                                 .warnings = {},
                                 .host = std::move(host)};
  if (not_kept_ > 0) {
    context.warnings.push_back(std::to_string(not_kept_) +
                               " reports of the freezer were too many to keep");
  }
  return records::make_record(record, details, std::move(context));
}

namespace {

std::string sentence_of_lost(const coordinator::OpenNote& note) {
  if (!note.answered) {
    return "vssd was restarted before everything held: nothing was promised; try again.";
  }
  const bool left_frozen = note.freezer_owes && note.freezer_plain;
  return std::string("vssd was restarted while this transaction was held: ") +
         (left_frozen ? "what its daemon had frozen was left to another daemon, or an "
                        "administrator, to thaw"
                      : "its filesystems were thawed") +
         ", and the copy may be torn; take it again.";
}

}  // namespace

records::TransactionRecord record_of_lost(const coordinator::OpenNote& note,
                                          std::int64_t wall_clock_seconds) {
  records::TransactionRecord record;
  record.id = note.transaction;
  record.began_wall = wall_clock_seconds;
  record.requester = std::string(note.requester.view());
  record.requester_kind = note.kind;
  record.selection = note.selection;
  record.require = note.require;
  record.grade = coordinator::Grade::kCrash;
  record.result = note.answered ? coordinator::Result::kTorn : coordinator::Result::kAborted;
  record.sentence = sentence_of_lost(note);
  record.warnings = {"the times are those of the restart: the driver that knew more is gone"};
  return record;
}

}  // namespace vss::driver
