#include "operator/doctor.hpp"

#include "base/exit_status.hpp"
#include "doctor/judge.hpp"
#include "doctor/report.hpp"
#include "operator/examine.hpp"
#include "platform/console.hpp"

namespace vss::operators {

int doctor_command(Session& session, const Options& options) {
  const doctor::Diagnosis diagnosis = doctor::judge(examine(session));
  const std::string text =
      options.json ? doctor::to_json(diagnosis) + '\n' : doctor::render(diagnosis);
  if (platform::print_all(text)) return doctor::exit_status_of(diagnosis);
  session.messages.say("cannot write to standard output");
  return base::kExitNo;
}

}  // namespace vss::operators
