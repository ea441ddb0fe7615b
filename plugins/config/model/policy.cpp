#include "policy.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "../store/document.hpp"

namespace config {

namespace {

constexpr std::size_t most_consumers = 16;
constexpr std::size_t most_ignored = 64;
constexpr std::size_t longest_ignored = 1024;
constexpr std::size_t longest_path = 1024;
constexpr std::array<std::string_view, 3> drifts{"off", "warn", "heal"};

std::string fault_of_consumers(const noa::Json& value) {
    if (!value.is_array() || value.size() > most_consumers) {
        return "expected an array of at most 16 names of agents";
    }
    const bool named = std::ranges::all_of(value, [](const noa::Json& name) {
        return name.is_string() && is_name(name.get_ref<const std::string&>());
    });
    return named ? "" : "expected names of agents";
}

std::string fault_of_flag(const noa::Json& value) {
    return value.is_boolean() ? "" : "expected true or false";
}

std::string fault_of_path(std::string_view path) {
    if (path.size() > longest_path || !path.ends_with(".json") || path.find('\0') != path.npos) {
        return "expected the path of a .json file, 1024 bytes at most";
    }
    if (path.front() != '/') {
        return path.find('/') == path.npos && path.front() != '.'
                   ? ""
                   : "expected an absolute path, or a name alone, in the state directory";
    }
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view part = path.substr(at, end - at);
        if (part.empty() || part == "." || part == "..") {
            return "expected a path without //, . and ..";
        }
        at = end + 1;
    }
    return {};
}

std::string fault_of_file(const noa::Json& value) {
    return value.is_string() ? fault_of_path(value.get_ref<const std::string&>())
                             : "expected a path";
}

std::string fault_of_drift(const noa::Json& value) {
    const bool known =
        value.is_string() &&
        std::ranges::find(drifts, value.get_ref<const std::string&>()) != drifts.end();
    return known ? "" : "expected off, warn or heal";
}

std::string fault_of_ignored(const noa::Json& value) {
    const bool sound = value.is_array() && value.size() <= most_ignored &&
                       std::ranges::all_of(value, [](const noa::Json& one) {
                           return one.is_string() &&
                                  one.get_ref<const std::string&>().starts_with('/') &&
                                  one.get_ref<const std::string&>().size() <= longest_ignored;
                       });
    return sound ? "" : "expected an array of at most 64 JSON pointers";
}

} // namespace

Policy policy_of(const noa::Json& text) {
    Policy policy;
    for (const noa::Json& name : text.value("consumers", noa::Json::array())) {
        policy.consumers.push_back(name.get<std::string>());
    }
    policy.consumers_required = text.value("consumers_required", false);
    policy.file = text.value("file", std::string());
    const auto* drift = std::ranges::find(drifts, text.value("drift", std::string("warn")));
    policy.drift = static_cast<Drift>(drift - drifts.begin());
    for (const noa::Json& pointer : text.value("ignore", noa::Json::array())) {
        policy.ignored.push_back(pointer.get<std::string>());
    }
    return policy;
}

std::string fault_of_policy(const noa::Json& text) {
    constexpr std::array<std::pair<std::string_view, std::string (*)(const noa::Json&)>, 5> keys{
        {{"consumers", fault_of_consumers},
         {"consumers_required", fault_of_flag},
         {"file", fault_of_file},
         {"drift", fault_of_drift},
         {"ignore", fault_of_ignored}}};
    for (const auto& [key, value] : text.items()) {
        const auto* known = std::ranges::find(keys, key, &decltype(keys)::value_type::first);
        const std::string fault = known != keys.end() ? known->second(value) : "unknown key";
        if (!fault.empty()) {
            return "/" + key.substr(0, longest_name) + ": " + fault;
        }
    }
    return {};
}

std::string_view name_of(Drift drift) noexcept {
    return drifts[static_cast<std::size_t>(drift)];
}

} // namespace config
