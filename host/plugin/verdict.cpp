#include "plugin/verdict.hpp"

#include <array>
#include <utility>

#include "base/names.hpp"
#include "plugin/limits.hpp"
#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

using Json = nlohmann::json;

constexpr std::size_t reason_max = 1000;
constexpr std::size_t list_max = 64;
// The description is one level below the verdict's facts.
constexpr int verdict_depth = json_depth_max + 4;

bool take_text(const Json& json, const char* key, std::size_t limit, std::string& out) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) {
        return false;
    }
    out = found->get<std::string>();
    return out.size() <= limit;
}

bool take_number(const Json& json, const char* key, std::uint32_t& out) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_unsigned()) {
        return false;
    }
    const auto value = found->get<std::uint64_t>();
    out = static_cast<std::uint32_t>(value);
    return value <= UINT32_MAX;
}

bool take_list(const Json& json, const char* key, std::vector<std::string>& out) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_array() || found->size() > list_max) {
        return false;
    }
    for (const auto& entry : *found) {
        if (!entry.is_string()) {
            return false;
        }
        out.push_back(printable(entry.get<std::string>(), reason_max));
    }
    return true;
}

Errc code_of(std::string_view name) noexcept {
    constexpr std::array codes = {Errc::invalid,   Errc::not_found,   Errc::refused, Errc::busy,
                                  Errc::timed_out, Errc::unavailable, Errc::denied,  Errc::system};
    for (const auto code : codes) {
        if (name_of(code) == name) {
            return code;
        }
    }
    return Errc::internal;
}

} // namespace

Json to_json(const ProbeFacts& facts) {
    return {{"id", facts.id},
            {"version", facts.version},
            {"description", facts.description},
            {"settings_schema", facts.settings_schema},
            {"abi_minor", facts.abi_minor},
            {"flags", facts.flags},
            {"state_schema", facts.state_schema},
            {"oldest_state_schema", facts.oldest_state_schema},
            {"description_json", facts.description_json},
            {"pinned", facts.pinned},
            {"unconfined", facts.unconfined}};
}

std::optional<ProbeFacts> facts_from(const Json& json) {
    ProbeFacts facts;
    const bool whole =
        json.is_object() && take_text(json, "id", NOA_AGENT_NAME_MAX, facts.id) &&
        take_text(json, "version", version_max, facts.version) &&
        take_text(json, "description", description_max, facts.description) &&
        take_text(json, "settings_schema", settings_schema_max, facts.settings_schema) &&
        take_number(json, "abi_minor", facts.abi_minor) &&
        take_number(json, "flags", facts.flags) &&
        take_number(json, "state_schema", facts.state_schema) &&
        take_number(json, "oldest_state_schema", facts.oldest_state_schema) &&
        take_list(json, "pinned", facts.pinned) && take_list(json, "unconfined", facts.unconfined);
    if (!whole || !is_agent_name(facts.id) || !is_line(facts.version) ||
        !is_line(facts.description)) {
        return std::nullopt;
    }
    const auto description = json.find("description_json");
    if (description == json.end() || (!description->is_object() && !description->is_null())) {
        return std::nullopt;
    }
    facts.description_json = *description;
    return facts;
}

std::string verdict_line(const Result<ProbeFacts>& verdict) {
    Json line;
    if (verdict) {
        line = {{"ok", true}, {"facts", to_json(*verdict)}};
    } else {
        const auto& error = verdict.error();
        line = {{"ok", false},
                {"code", name_of(error.code)},
                {"reason", printable(error.reason, reason_max)},
                {"advice", printable(error.advice, reason_max)}};
    }
    return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Result<ProbeFacts>> verdict_from(std::string_view line, const std::string& object) {
    const auto json = parse_json(line, verdict_depth);
    if (!json || !json->is_object()) {
        return std::nullopt;
    }
    const auto ok = json->find("ok");
    if (ok == json->end() || !ok->is_boolean()) {
        return std::nullopt;
    }
    if (ok->get<bool>()) {
        auto facts = facts_from(json->value("facts", Json()));
        return facts ? std::optional<Result<ProbeFacts>>(std::move(*facts)) : std::nullopt;
    }
    std::string code;
    std::string reason;
    std::string advice;
    if (!take_text(*json, "code", list_max, code) ||
        !take_text(*json, "reason", reason_max, reason) ||
        !take_text(*json, "advice", reason_max, advice)) {
        return std::nullopt;
    }
    return Result<ProbeFacts>(fail(code_of(code), "probe plugin", object,
                                   printable(reason, reason_max), printable(advice, reason_max)));
}

} // namespace noa::plugin
