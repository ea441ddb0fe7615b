#include "control/verbs.hpp"

#include <algorithm>
#include <utility>

#include "base/names.hpp"

namespace noa::control {

namespace {

constexpr std::size_t max_agents = 4096;
constexpr std::int64_t max_timeout_ms = 600'000;

bool is_target(std::string_view name) {
    return is_agent_name(name) || is_service(name);
}

} // namespace

void Verbs::add(std::string name, Right needs, Handler handler) {
    Verb verb{name, needs, std::move(handler)};
    verbs_.insert_or_assign(std::move(name), std::move(verb));
}

const Verb* Verbs::find(const std::string& name) const {
    const auto found = verbs_.find(name);
    return found == verbs_.end() ? nullptr : &found->second;
}

std::string Verbs::names() const {
    std::string out;
    for (const auto& [name, verb] : verbs_) {
        out += out.empty() ? name : ", " + name;
    }
    return out;
}

Args::Args(std::string verb, const nlohmann::json& args) : verb_(std::move(verb)), args_(args) {}

const nlohmann::json* Args::take(const char* key) {
    taken_.emplace_back(key);
    const auto found = args_.find(key);
    return found == args_.end() || found->is_null() ? nullptr : &*found;
}

void Args::wrong(const std::string& key, std::string reason) {
    if (!error_) {
        error_ = Error{Errc::invalid, verb_, key, std::move(reason), {}};
    }
}

std::optional<std::string> Args::optional_text(const char* key, std::size_t max_bytes) {
    const auto* value = take(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (!value->is_string()) {
        wrong(key, std::string("wanted text, found ") + value->type_name());
        return std::nullopt;
    }
    const auto& found = value->get_ref<const std::string&>();
    if (found.size() > max_bytes) {
        wrong(key, "longer than " + std::to_string(max_bytes) + " bytes");
        return std::nullopt;
    }
    return found;
}

std::string Args::text(const char* key, std::size_t max_bytes) {
    auto found = optional_text(key, max_bytes);
    if (!found) {
        wrong(key, "missing");
    }
    return std::move(found).value_or(std::string());
}

std::string Args::agent(const char* key) {
    std::string name = text(key, NOA_AGENT_NAME_MAX);
    if (!is_agent_name(name)) {
        wrong(key, "not an agent's name: " + name);
    }
    return name;
}

std::string Args::target(const char* key) {
    std::string name = text(key, NOA_AGENT_NAME_MAX + service_prefix.size());
    if (!is_target(name)) {
        wrong(key, "not the name of an agent or a service: " + name);
    }
    return name;
}

std::vector<std::string> Args::agents(const char* key) {
    return names(key, [](std::string_view name) { return is_agent_name(name); });
}

std::vector<std::string> Args::targets(const char* key) {
    return names(key, &is_target);
}

std::vector<std::string> Args::names(const char* key, bool (*is_one)(std::string_view)) {
    std::vector<std::string> names;
    const auto* value = take(key);
    if (value == nullptr) {
        return names;
    }
    if (!value->is_array() || value->size() > max_agents) {
        wrong(key, "wanted a list of at most " + std::to_string(max_agents) + " names");
        return names;
    }
    for (const auto& item : *value) {
        if (!item.is_string() || !is_one(item.get_ref<const std::string&>())) {
            wrong(key, "not an agent's name: " +
                           item.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)
                               .substr(0, 80));
            return names;
        }
        const auto& name = item.get_ref<const std::string&>();
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    }
    return names;
}

bool Args::flag(const char* key) {
    const auto* value = take(key);
    if (value != nullptr && !value->is_boolean()) {
        wrong(key, std::string("wanted true or false, found ") + value->type_name());
        return false;
    }
    return value != nullptr && value->get<bool>();
}

std::int64_t Args::number(const char* key, std::int64_t fallback, std::int64_t least,
                          std::int64_t most) {
    const auto* value = take(key);
    if (value == nullptr) {
        return fallback;
    }
    const bool fits = value->is_number_integer() &&
                      !(value->is_number_unsigned() &&
                        value->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) &&
                      value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most;
    if (!fits) {
        wrong(key, "wanted a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most));
        return fallback;
    }
    return value->get<std::int64_t>();
}

std::chrono::milliseconds Args::timeout(std::chrono::milliseconds fallback) {
    return std::chrono::milliseconds(number("timeout_ms", fallback.count(), 1, max_timeout_ms));
}

std::string Args::body() {
    taken_.emplace_back("body");
    taken_.emplace_back("body_base64");
    auto body = get_body(args_);
    if (!body) {
        wrong(body.error().object, body.error().reason);
        return {};
    }
    if (body->size() > NOA_BODY_MAX) {
        wrong("body", "longer than " + std::to_string(NOA_BODY_MAX) + " bytes");
    }
    return std::move(*body);
}

Result<void> Args::finish() {
    for (const auto& [key, value] : args_.items()) {
        if (std::find(taken_.begin(), taken_.end(), key) == taken_.end()) {
            wrong(key.substr(0, 64), "unknown argument");
        }
    }
    if (error_) {
        return Failure(*error_);
    }
    return {};
}

} // namespace noa::control
