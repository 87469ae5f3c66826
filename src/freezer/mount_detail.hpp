// A mount of the plan, as a frame and as text for people.
#pragma once

#include <string>

#include "freezer/slots.hpp"
#include "plan/plan.hpp"
#include "text/mount_tree.hpp"
#include "wire/filesystems.hpp"

namespace vss::freezer {

wire::MountDetail detail_of(const plan::PlanEntry& entry, base::TransactionId transaction);

// The same with what its slot says: result, times, error. `thawed_by_us` is who is not worth a
// name.
wire::MountDetail detail_of(const plan::PlanEntry& entry, base::TransactionId transaction,
                            const Slot& slot);

wire::FilesystemSummary summary_of(const plan::Plan& plan);

// The whole plan for people.
std::string plan_text(const plan::Plan& plan, text::Strokes strokes, text::Folding folding);

}  // namespace vss::freezer
