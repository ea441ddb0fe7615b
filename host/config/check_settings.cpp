#include <algorithm>
#include <exception>
#include <map>
#include <set>

#include "base/utf8.hpp"
#include "config/expectation.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"
#include "config/secrets.hpp"
#include "config/tree.hpp"

// The only file that sees valijson: without exceptions it aborts on a bad $ref.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace noa::config {

using nlohmann::json;

namespace {

// std::regex recurses for each character.
constexpr std::size_t max_matched_bytes = 1024;
constexpr std::size_t max_values = 10'000;
constexpr std::size_t max_findings = 50;

std::size_t count_values(const json& value) {
    std::size_t count = 1;
    if (value.is_structured()) {
        for (const auto& child : value) {
            count += count_values(child);
        }
    }
    return count;
}

std::string pointer_of(const std::vector<std::string>& context) {
    std::string out; // context: "<root>", "[key]", "[0]"
    for (std::size_t i = 1; i < context.size(); ++i) {
        const auto& step = context[i];
        out = pointer_child(
            out, std::string_view(step).substr(1, std::max<std::size_t>(step.size(), 2) - 2));
    }
    return out;
}

struct Finding {
    std::string pointer;
    std::string description;
    bool innermost; // "the table is wrong because its key is wrong" says nothing more
};

std::vector<Finding> findings_of(valijson::ValidationResults& results) {
    std::map<std::string, std::string> all;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
        all.emplace(pointer_of(error.context), error.description);
    }
    std::vector<Finding> out;
    for (const auto& [pointer, description] : all) {
        const auto inner = all.lower_bound(pointer + '/');
        const bool innermost = inner == all.end() || !inner->first.starts_with(pointer + '/');
        out.push_back({pointer, description, innermost});
        if (out.size() == max_findings) {
            break;
        }
    }
    return out;
}

class Report {
public:
    Report(const Config& config, const AgentConfig& agent) : config_(config), agent_(agent) {}

    void check_lengths(const json& schema) {
        each_application(schema, agent_.settings, [this](const Application& at) {
            if (at.value.is_string() && at.schema.contains("pattern") &&
                at.value.get_ref<const std::string&>().size() > max_matched_bytes) {
                add(at.pointer, "too long to be matched against a pattern (1,024 bytes)");
            }
        });
    }

    void add_all(const json& schema, const std::vector<Finding>& findings) {
        for (const auto& finding : findings) {
            const bool told = add_keys(schema, finding.pointer);
            if (finding.innermost) {
                add_value(schema, finding, told);
            }
        }
    }

    Problems problems;

private:
    // "agents.cache.settings.list[0]" of "/list/0"
    [[nodiscard]] std::string key_of(const std::string& pointer) const {
        auto key = dotted(dotted("agents", agent_.name), "settings");
        const json* value = &agent_.settings;
        for (json::json_pointer rest(pointer); !rest.empty();) {
            // first token: what is left when the parents are taken off
            json::json_pointer first = rest;
            while (!first.parent_pointer().empty()) {
                first = first.parent_pointer();
            }
            const auto& name = first.back();
            const bool in_array = value != nullptr && value->is_array();
            if (in_array) {
                key.append("[").append(name).append("]");
            } else {
                key = dotted(key, name);
            }
            value = value != nullptr && value->contains(first) ? &value->at(first) : nullptr;
            rest = json::json_pointer(rest.to_string().substr(first.to_string().size()));
        }
        return key;
    }

    void add(const std::string& pointer, const std::string& text) {
        if (!told_.insert(pointer + ' ' + text).second) {
            return;
        }
        const auto key = key_of(pointer);
        problems.add(origin_of(config_.origins, key),
                     pointer.empty() ? key : key + " (" + pointer + ')', text);
    }

    [[nodiscard]] std::string found(const std::string& pointer) const {
        const json::json_pointer at(pointer);
        return agent_.secrets.contains(pointer) ? "a secret"
               : agent_.settings.contains(at)   ? describe(agent_.settings.at(at))
                                                : "nothing";
    }

    void add_value(const json& schema, const Finding& finding, bool told) {
        const auto& pointer = finding.pointer;
        std::vector<std::string> wants;
        bool alternatives = false;
        each_application(schema, agent_.settings, [&](const Application& at) {
            const auto want =
                at.pointer == pointer ? expectation(at.schema, at.value) : std::nullopt;
            if (want && std::find(wants.begin(), wants.end(), *want) == wants.end()) {
                alternatives = alternatives || at.alternative;
                wants.push_back(*want);
            }
        });
        if (wants.empty()) {
            if (told) {
                return;
            }
            wants.push_back(fallback(schema, pointer, finding.description));
        }
        std::string text;
        for (const auto& want : wants) {
            text += text.empty() ? want
                                 : (alternatives ? " or" : " and") +
                                       want.substr(std::string_view("expected").size());
        }
        add(pointer, text + ", found " + found(pointer));
    }

    // The pattern, or else what the validator said; it repeats keys and bounds, never values.
    [[nodiscard]] std::string fallback(const json& schema, const std::string& pointer,
                                       const std::string& description) const {
        std::string out;
        each_application(schema, agent_.settings, [&](const Application& at) {
            const auto pattern = at.schema.find("pattern");
            if (at.pointer == pointer && at.value.is_string() && pattern != at.schema.end()) {
                out = "expected a text that matches " + pattern->dump();
            }
        });
        return out.empty() ? bounded_utf8(description, 300) : out;
    }

    // Keys that are missing or unknown, each at its own place.
    bool add_keys(const json& schema, const std::string& pointer) {
        bool added = false;
        each_application(schema, agent_.settings, [&](const Application& at) {
            if (at.pointer == pointer && at.value.is_object() && !at.alternative) {
                added = add_missing(at) || added;
                added = add_unknown(at) || added;
            }
        });
        return added;
    }

    bool add_missing(const Application& at) {
        bool added = false;
        const auto properties = at.schema.value("properties", json::object());
        for (const auto& name : at.schema.value("required", json::array())) {
            if (!name.is_string() || at.value.contains(name.get<std::string>())) {
                continue;
            }
            const auto key = name.get<std::string>();
            const auto type = type_words(properties.value(key, json::object()));
            add(pointer_child(at.pointer, key),
                "missing" + (type.empty() ? "" : "; expected " + type));
            added = true;
        }
        return added;
    }

    bool add_unknown(const Application& at) {
        const auto additional = at.schema.find("additionalProperties");
        if (additional == at.schema.end() || *additional != false ||
            at.schema.contains("patternProperties")) {
            return false;
        }
        bool added = false;
        const auto properties = at.schema.value("properties", json::object());
        std::vector<std::string> known;
        for (const auto& entry : properties.items()) {
            known.push_back(entry.key());
        }
        for (const auto& entry : at.value.items()) {
            if (!properties.contains(entry.key())) {
                add(pointer_child(at.pointer, entry.key()),
                    "unknown key" + suggestion(entry.key(), known));
                added = true;
            }
        }
        return added;
    }

    const Config& config_;
    const AgentConfig& agent_;
    std::set<std::string> told_;
};

// False with findings when `settings` do not fit. Throws.
bool validate(const json& schema, const json& settings, valijson::ValidationResults& results) {
    using Adapter = valijson::adapters::NlohmannJsonAdapter;
    valijson::Schema parsed;
    valijson::SchemaParser().populateSchema(Adapter(schema), parsed);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    return validator.validate(parsed, Adapter(settings), &results);
}

} // namespace

Result<void> check_settings(const Config& config, const AgentConfig& agent,
                            const std::string& schema_text) {
    constexpr auto attempt = "check settings";
    if (schema_text.empty()) {
        return {};
    }
    const auto owner = "plugin " + agent.plugin;
    const auto schema = parse_schema(schema_text, owner);
    if (!schema) {
        return tl::unexpected(schema.error());
    }
    if (count_values(agent.settings) > max_values) {
        return fail(Errc::invalid, attempt, agent.name, "more than 10,000 values");
    }
    try {
        Report report(config, agent);
        report.check_lengths(*schema);
        if (report.problems.empty()) {
            valijson::ValidationResults results;
            if (validate(*schema, agent.settings, results)) {
                return {};
            }
            report.add_all(*schema, findings_of(results));
        }
        return fail(Errc::invalid, attempt, "", report.problems.text(), "nothing was changed");
    } catch (const std::exception& error) {
        return fail(Errc::refused, "read settings schema", owner, bounded_utf8(error.what(), 300));
    }
}

} // namespace noa::config
