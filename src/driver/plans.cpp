// `vssctl plan`: to the freezer and back.
#include "driver/driver.hpp"
#include "platform/clock.hpp"

namespace vss::driver {

base::Status Driver::ask_for_plan(coordinator::RequesterId requester,
                                  const wire::ControlRequest& request) {
  if (const auto open = coordinator_.open_transaction(); open.valid()) {
    return base::fail("transaction " + std::string(base::to_text(open).view()) +
                      " is open: ask for the plan when it has ended");
  }
  if (!freezer_connected()) {
    return base::fail("no freezer is connected: start vss-freezer");
  }
  const auto asked = under_policy(request.filesystems, request.require_given, configuration_);
  if (!fits_a_frame(asked)) return base::fail(std::string(kRequestTooLarge));
  const bool added = plans_.add(requester, asked, platform::now());
  if (!added) return base::fail("too many plans are being asked for; try again");
  send_next_plan();
  set_next_deadline();
  return {};
}

void Driver::send_next_plan() {
  PlanDesk::Order* order = plans_.current();
  if (order == nullptr || order->sent) return;
  order->sent = true;
  order->answer_by = platform::now() + PlanDesk::kTimeout;
  if (!participants_.ask_for_plan(*order->request, order->tag)) {
    fail_current_plan("the freezer that is connected makes no plans: it is not vss-freezer");
  }
}

void Driver::on_plan_end(const wire::FrameView& news) {
  const auto requester = plans_.requester_of(news.tag);
  const auto end = wire::decode_plan_end(news);
  if (!requester || !end) return;
  control_.plan_end(*requester, *end);
  plans_.finish_current();
  send_next_plan();
}

void Driver::fail_current_plan(std::string_view reason) {
  PlanDesk::Order* order = plans_.current();
  if (order == nullptr) return;
  control_.plan_end(order->requester,
                    {.status = wire::kStatusFail, .summary = {}, .reason = wire::Reason{reason}});
  plans_.finish_current();
  send_next_plan();
}

}  // namespace vss::driver
