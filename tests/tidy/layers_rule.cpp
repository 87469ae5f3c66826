#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "tidy/rules.hpp"

namespace vss::tidy {
namespace {

using Layers = std::map<std::string, std::set<std::string>, std::less<>>;

Layers parse_layers(std::string_view text) {
  Layers layers;
  for (const std::string_view line : lines_of(text)) {
    const std::size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos) continue;
    auto& may = layers[std::string(line.substr(0, colon))];
    for (const std::string_view word : words_of(line.substr(colon + 1)))
      may.emplace(word);
  }
  return layers;
}

// "devices/socket" lies in layer "devices".
std::string_view layer_of(std::string_view folder) {
  return folder.substr(0, folder.find('/'));
}

// The folder that a source belongs to: src/devices/socket/x.cpp → devices/socket, include/… → vss.
// A folder linux/ or freebsd/ is a part of the one above it.
std::optional<std::string> folder_of_source(const Layers& layers, std::string_view path) {
  std::string_view folder = folder_of(path);
  if (folder.starts_with("include")) return "vss";
  if (folder.starts_with("src/")) folder.remove_prefix(4);
  if (!layers.contains(layer_of(folder))) return std::nullopt;
  for (const std::string_view system : {"/linux", "/freebsd"}) {
    if (folder.ends_with(system)) folder.remove_suffix(system.size());
  }
  return std::string(folder);
}

// The folder that an include line names; nothing for the system's, and for one without a folder.
std::optional<std::string> folder_of_include(const Layers& layers, const Include& include) {
  const std::string_view folder = folder_of(include.name);
  if (folder.empty() || !layers.contains(layer_of(folder))) return std::nullopt;
  if (include.angle && folder != "vss") return std::nullopt;
  return std::string(folder);
}

bool may_include(const Layers& layers, const std::string& from, const std::string& to) {
  const std::string_view from_layer = layer_of(from);
  const std::string_view to_layer = layer_of(to);
  if (from_layer != to_layer)
    return layers.find(from_layer)->second.contains(std::string(to_layer));
  const bool same_or_above = from == to || from.starts_with(to + "/");
  const bool own_part = to.starts_with(from + "/linux") || to.starts_with(from + "/freebsd");
  // Only folders that are targets of their own are held apart; sdk and writers are one each.
  return same_or_above || own_part || from_layer == "sdk" || from_layer == "writers";
}

}  // namespace

Findings check_layers(const Tree& tree, std::string_view text) {
  const Layers layers = parse_layers(text);
  const TestFiles tests(tree);
  Findings findings;
  for (const SourceFile& file : tree) {
    const auto from = folder_of_source(layers, file.path);
    if (!is_cpp(file) || !from || tests.contains(file)) continue;
    for (const Include& include : includes_of(file)) {
      const auto to = folder_of_include(layers, include);
      if (!to || may_include(layers, *from, *to)) continue;
      findings.push_back(
          {file.path, include.line, *from + " may not include " + *to + " (cmake/layers.txt)"});
    }
  }
  return findings;
}

}  // namespace vss::tidy
