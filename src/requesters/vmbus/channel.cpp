#include "requesters/vmbus/channel.hpp"

#include "platform/clock.hpp"

namespace vss::requesters::vmbus {
namespace {

using wire::hyperv::VssOperation;

// A host that writes only rubbish is not worth the time: the channel is opened anew.
constexpr int kDroppedInARowMax = 64;

}  // namespace

Channel::Channel(Ring sending, Ring receiving, ChannelIdentity identity, HostLinkOwner& owner,
                 std::function<void()> signal_host)
    : writer_(sending),
      reader_(receiving),
      identity_(identity),
      owner_(owner),
      signal_host_(std::move(signal_host)) {}

Channel::Standing Channel::pump(base::Instant now) {
  reader_.mask();
  give_answers();
  for (int packets = 0; packets < kPacketsAtOnce && broken_why_.empty(); ++packets) {
    const auto buffer = dialogue_.buffer();
    // Without a free buffer nothing is taken before the host reads an answer, or the coordinator
    // gives one.
    if (buffer.empty()) {
      reader_.unmask();
      return Standing::kAnswersWait;
    }
    const Taken taken = reader_.take(buffer);
    if (taken.what == Taken::What::kNothing) {
      if (!reader_.unmask()) {
        reader_.mask();
        continue;
      }
      return dialogue_.ready() ? Standing::kAnswersWait : Standing::kIdle;
    }
    took(taken, buffer, now);
  }
  return broken_why_.empty() ? Standing::kMoreToDo : Standing::kBroken;
}

void Channel::took(const Taken& taken, std::span<const std::byte> buffer, base::Instant now) {
  if (taken.signal_host) signal_host_();
  if (taken.what == Taken::What::kBroken) return break_off(taken.why);
  if (taken.what == Taken::What::kDropped) {
    dialogue_.ignored(taken.why);
    if (++dropped_in_a_row_ > kDroppedInARowMax) break_off("the host writes no packets");
    return;
  }
  dropped_in_a_row_ = 0;
  owner_.on_traffic(TrafficEvent::kFromHost, buffer.first(taken.bytes));
  if (const auto question = dialogue_.received(taken.bytes, now)) ask(*question);
  give_answers();
}

void Channel::ask(const Question& question) {
  asked_anything_ = true;
  constexpr auto kKind = coordinator::RequesterKind::kHyperV;
  const auto request = [&](auto event) {
    event.kind = kKind;
    event.requester = identity_.id;
    event.name = identity_.name;
    event.tag = question.tag;
    owner_.on_host_event(event);
  };
  switch (question.operation) {
    case VssOperation::kHotBackup: return request(coordinator::CheckRequested{});
    case VssOperation::kFreeze: return request(coordinator::FreezeRequested{});
    default:
      owner_.on_host_event(coordinator::ThawRequested{.requester = identity_.id,
                                                      .name = identity_.name,
                                                      .tag = question.tag,
                                                      .transaction = {}});
  }
}

void Channel::perform(const coordinator::Answer& answer) {
  if (dialogue_.answer(answer.tag, answer.success)) give_answers();
}

void Channel::give_answers() {
  while (const auto ready = dialogue_.ready()) {
    const Given given = writer_.give(ready->packet);
    if (given.what == Given::What::kBroken) {
      return break_off("the host's read index is outside the ring");
    }
    if (given.what == Given::What::kFull) return;
    if (given.signal_host) signal_host_();
    served_ = true;
    owner_.on_traffic(TrafficEvent::kFromGuest, ready->packet);
    owner_.on_exchange({.link = identity_.name,
                        .request = ready->request,
                        .asked = ready->asked,
                        .answered = platform::now(),
                        .success = ready->success});
    dialogue_.given();
  }
}

void Channel::closed(std::string_view why) {
  if (!asked_anything_) return;
  asked_anything_ = false;
  owner_.on_host_event(
      coordinator::RequesterGone{.requester = identity_.id, .reason = coordinator::Reason{why}});
}

}  // namespace vss::requesters::vmbus
