#include "doctor/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "records/json_object.hpp"
#include "text/table.hpp"

namespace vss::doctor {
namespace {

constexpr std::string_view kSchema = "openvss.doctor";
constexpr std::size_t kColumns = 80;

std::string_view mark(Severity severity) {
  switch (severity) {
    case Severity::kGood: return "ok";
    case Severity::kNote: return "note";
    case Severity::kRisk: return "RISK";
    case Severity::kFailure: return "FAIL";
  }
  return "?";
}

// A check that could not look says neither good nor bad; one that found something says that.
bool is_unknown(const Check& check) {
  return !check.known && check.verdict() == Severity::kGood;
}

std::string headline(const Diagnosis& diagnosis) {
  const Severity verdict = diagnosis.verdict();
  if (verdict == Severity::kFailure) return "A backup would fail.";
  std::string text = "A backup would succeed";
  if (std::ranges::any_of(diagnosis.checks, is_unknown)) text += ", as far as could be seen";
  return text + (verdict == Severity::kRisk ? "; there are risks." : ".");
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// Words in lines; the first begins with `head`, later ones below its end.
std::string wrapped(std::string_view head, std::string_view text) {
  const std::string indent(width(head), ' ');
  const std::string words = text::clean(text);
  std::string result, line(head);
  bool at_head = true;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    const std::string_view word = std::string_view(words).substr(at, end - at);
    at = end + 1;
    if (!at_head && width(line) + 1 + width(word) > kColumns) {
      result += line + '\n';
      line = indent;
      at_head = true;
    }
    line += (at_head ? "" : " ") + std::string(word);
    at_head = false;
  }
  return result + line + '\n';
}

std::string text_of(const Check& check, const Finding& finding) {
  const std::string head = fmt::format("{:<6}", mark(finding.severity));
  std::string text =
      wrapped(head, fmt::format("{}: {} [{}]", check.name, finding.what, finding.code));
  if (!finding.why.empty()) text += wrapped("      why:  ", finding.why);
  if (!finding.mend.empty()) text += wrapped("      mend: ", finding.mend);
  return text;
}

records::Json finding_json(const Finding& finding) {
  return {{"severity", to_text(finding.severity)},
          {"code", finding.code},
          {"what", finding.what},
          {"why", finding.why},
          {"mend", finding.mend}};
}

}  // namespace

std::string render(const Diagnosis& diagnosis) {
  std::string text = headline(diagnosis) + '\n';
  for (const Check& check : diagnosis.checks) {
    const std::string_view word = is_unknown(check) ? "-" : mark(check.verdict());
    text += wrapped(fmt::format("  {:<5} {:<10} ", word, check.name), check.summary);
  }
  for (const Severity severity : {Severity::kFailure, Severity::kRisk, Severity::kNote}) {
    for (const Check& check : diagnosis.checks) {
      for (const Finding& finding : check.findings) {
        if (finding.severity != severity) continue;
        if (severity != Severity::kNote) text += '\n';
        text += text_of(check, finding);
      }
    }
    if (severity == Severity::kRisk && diagnosis.verdict() != Severity::kGood) text += '\n';
  }
  while (text.ends_with("\n\n"))
    text.pop_back();
  return text;
}

std::string to_json(const Diagnosis& diagnosis) {
  records::Json json = records::new_document(kSchema);
  json["verdict"] = to_text(diagnosis.verdict());
  json["exit_status"] = exit_status_of(diagnosis);
  json["checks"] = records::Json::array();
  for (const Check& check : diagnosis.checks) {
    records::Json findings = records::Json::array();
    for (const Finding& finding : check.findings)
      findings.push_back(finding_json(finding));
    json["checks"].push_back({{"name", check.name},
                              {"verdict", is_unknown(check) ? "unknown" : to_text(check.verdict())},
                              {"summary", check.summary},
                              {"findings", findings}});
  }
  return records::dump(json);
}

}  // namespace vss::doctor
