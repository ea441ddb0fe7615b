#include "config/environment.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/utf8.hpp"
#include "config/toml.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

constexpr std::size_t max_variable_bytes = std::size_t{64} * 1024;

// How a variable's text becomes a value.
enum class Form : std::uint8_t {
    value, // as TOML, else as text: true, 3, 10s
    text,  // always text
    words, // a TOML list, or separated by commas
    paths, // a TOML list, or separated by colons
};

struct Key {
    std::string_view name; // dotted, below its table
    Form form;
};

constexpr std::array host_keys{
    Key{"plugin_dirs", Form::paths},
    Key{"autoload", Form::value},
    Key{"environment", Form::text},
    Key{"log.level", Form::text},
    Key{"log.format", Form::text},
    Key{"max_message", Form::value},
    Key{"spin", Form::value},
    Key{"run", Form::text},
    Key{"control_group", Form::text},
    Key{"probe_timeout", Form::value},
    Key{"debounce", Form::value},
    Key{"keep_versions", Form::value},
    Key{"max_pinned", Form::value},
    Key{"traces.sampling", Form::value},
    Key{"traces.keep", Form::value},
    Key{"restart.backoff", Form::value},
    Key{"restart.backoff_max", Form::value},
    Key{"restart.max", Form::value},
    Key{"restart.in_a_row", Form::value},
    Key{"restart.window", Form::value},
    Key{"restart.reset", Form::value},
    Key{"restart.cooldown", Form::value},
    Key{"health.interval", Form::value},
    Key{"health.timeout", Form::value},
    Key{"health.threshold", Form::value},
    Key{"heal.restart", Form::value},
    Key{"heal.safe_restart", Form::value},
    Key{"heal.graceful_restart", Form::value},
    Key{"heal.dependency", Form::value},
    Key{"heal.degrade", Form::value},
    Key{"heal.rollback", Form::text},
    Key{"heal.scale_up", Form::value},
    Key{"heal.cooldown", Form::value},
    Key{"heal.watch", Form::value},
    Key{"heal.shutdown", Form::value},
    Key{"heal.critical", Form::words},
};
constexpr std::array agent_keys{
    Key{"plugin", Form::text},
    Key{"enabled", Form::value},
    Key{"run", Form::text},
    Key{"replicas", Form::value},
    Key{"depends_on", Form::words},
    Key{"capabilities", Form::words},
    Key{"queue_size", Form::value},
    Key{"concurrency", Form::value},
    Key{"ordered", Form::value},
    Key{"max_deliveries", Form::value},
    Key{"task_timeout", Form::value},
    Key{"quiesce_timeout", Form::value},
    Key{"start_timeout", Form::value},
    Key{"probation", Form::value},
    Key{"probation_defects", Form::value},
    Key{"stall_limit", Form::value},
    Key{"log_level", Form::text},
    Key{"allow_pinned", Form::value},
    Key{"heal.restart", Form::value},
    Key{"heal.safe_restart", Form::value},
    Key{"heal.graceful_restart", Form::value},
    Key{"heal.dependency", Form::value},
    Key{"heal.degrade", Form::value},
    Key{"heal.rollback", Form::text},
    Key{"heal.scale_up", Form::value},
    Key{"heal.cooldown", Form::value},
    Key{"heal.watch", Form::value},
    Key{"heal.shutdown", Form::value},
    Key{"heal.critical", Form::words},
    Key{"limits.memory", Form::value},
    Key{"limits.memory_request", Form::value},
    Key{"limits.cpu", Form::value},
    Key{"limits.cpu_request", Form::value},
    Key{"limits.files", Form::value},
    Key{"limits.processes", Form::value},
    Key{"limits.storage", Form::value},
    Key{"sandbox.enabled", Form::value},
    Key{"sandbox.network", Form::value},
    Key{"sandbox.read", Form::paths},
    Key{"sandbox.write", Form::paths},
    Key{"restart.backoff", Form::value},
    Key{"restart.backoff_max", Form::value},
    Key{"restart.max", Form::value},
    Key{"restart.in_a_row", Form::value},
    Key{"restart.window", Form::value},
    Key{"restart.reset", Form::value},
    Key{"restart.cooldown", Form::value},
};

// The seeds' names that have a key today. Bare numbers take `unit`.
struct SeedKey {
    std::string_view variable;
    std::string_view agent; // empty: a key of the host; "*": every agent
    std::string_view key;
    Form form;
    std::string_view unit;
};
constexpr std::array seed_keys{
    SeedKey{"LOG_LEVEL", "", "host.log.level", Form::text, ""},
    SeedKey{"ENVIRONMENT", "", "host.environment", Form::text, ""},
    SeedKey{"MAX_MESSAGE_SIZE", "communication", "settings.max_message_size", Form::value, "B"},
    SeedKey{"CONFIG_CACHE_TTL", "config", "settings.cache_ttl", Form::value, "s"},
    SeedKey{"AUTO_SAVE_INTERVAL", "drafting", "settings.auto_save", Form::value, "s"},
    SeedKey{"AGENT_TASK_TIMEOUT_SECONDS", "*", "task_timeout", Form::value, "s"},
};
constexpr std::array seed_names_without_key{
    "METRICS_ENABLED", "AUDIT_ENABLED", "NATS_URL",         "POSTGRES_URL",
    "DATABASE_URL",    "REDIS_URL",     "DB_POOL_MAX_SIZE", "JWT_SECRET",
};

std::string variable_form(std::string_view key) {
    std::string out(key);
    for (char& c : out) {
        c = c == '-' || c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    return out;
}

json split(std::string_view text, char separator) {
    json out = json::array();
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        auto item = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (item.starts_with(' ')) {
            item.remove_prefix(1);
        }
        while (item.ends_with(' ')) {
            item.remove_suffix(1);
        }
        if (!item.empty()) {
            out.push_back(item);
        }
    }
    return out;
}

json value_of(const std::string& text, Form form) {
    if (form != Form::text) {
        auto value = parse_toml_value(text);
        const bool list = form == Form::words || form == Form::paths;
        if (!value.is_discarded() && (!list || value.is_array())) {
            return value;
        }
        if (list) {
            return split(text, form == Form::words ? ',' : ':');
        }
    }
    return text;
}

bool is_number(const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Overrides {
public:
    Overrides(Tree& tree, Problems& problems) : tree_(tree), problems_(problems) {
        const auto agents = tree.value.find("agents");
        if (agents != tree.value.end() && agents->is_object()) {
            for (const auto& [name, table] : agents->items()) {
                if (table.is_object()) {
                    agents_.push_back(name);
                }
            }
        }
        // "cache-large" before "cache": the longer name is meant.
        std::stable_sort(agents_.begin(), agents_.end(),
                         [](const auto& a, const auto& b) { return a.size() > b.size(); });
    }

    void seed(const SeedKey& seed, const std::string& text) {
        const auto worded = is_number(text) && !seed.unit.empty() ? text + std::string(seed.unit)
                            : seed.key == "host.log.level" && variable_form(text) == "CRITICAL"
                                ? std::string("error")
                                : text;
        if (seed.agent.empty()) {
            set(seed.variable, seed.key, value_of(worded, seed.form));
            return;
        }
        for (const auto& agent : agents_) {
            if (seed.agent == "*" || seed.agent == agent) {
                set(seed.variable, dotted("agents", agent) + '.' + std::string(seed.key),
                    value_of(worded, seed.form));
            }
        }
    }

    // False when no key or agent is meant.
    bool named(const std::string& variable, const std::string& text) {
        const std::string_view name = std::string_view(variable).substr(4); // after NOA_
        if (name.starts_with("HOST_")) {
            return among(host_keys, variable, name.substr(5), "host", text);
        }
        if (!name.starts_with("AGENTS_")) {
            return false;
        }
        for (const auto& agent : agents_) {
            const auto form = "AGENTS_" + variable_form(agent) + '_';
            if (name.starts_with(form) &&
                of_agent(agent, variable, name.substr(form.size()), text)) {
                return true;
            }
        }
        return false;
    }

private:
    template <std::size_t N>
    bool among(const std::array<Key, N>& keys, const std::string& variable, std::string_view rest,
               const std::string& path, const std::string& text) {
        for (const auto& key : keys) {
            if (variable_form(key.name) == rest) {
                set(variable, path + '.' + std::string(key.name), value_of(text, key.form));
                return true;
            }
        }
        return false;
    }

    bool of_agent(const std::string& agent, const std::string& variable, std::string_view rest,
                  const std::string& text) {
        for (const auto& other : agents_) {
            if (other != agent && variable_form(other) == variable_form(agent)) {
                problems_.add({"environment " + variable, 0, 0}, "",
                              std::string("means both agents.")
                                  .append(agent)
                                  .append(" and agents.")
                                  .append(other));
                return true;
            }
        }
        const auto path = dotted("agents", agent);
        constexpr std::string_view settings = "SETTINGS_";
        if (!rest.starts_with(settings) || rest.size() == settings.size()) {
            return among(agent_keys, variable, rest, path, text);
        }
        rest.remove_prefix(settings.size());
        const auto& table = tree_.value["agents"][agent];
        const auto found = table.find("settings");
        const auto none = json::object();
        const auto key = settings_key(found == table.end() ? none : *found, rest);
        set(variable, dotted(path, "settings") + '.' + key, value_of(text, Form::value));
        return true;
    }

    // The key of `table` that `rest` spells, also below its tables; else `rest` as a new key.
    static std::string settings_key(const json& table, std::string_view rest) {
        const auto found = spelled(table, rest);
        if (found) {
            return *found;
        }
        std::string out(rest);
        std::transform(out.begin(), out.end(), out.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        return dotted("", out);
    }

    static std::optional<std::string> spelled(const json& table, std::string_view rest) {
        if (!table.is_object() || is_secret_reference(table)) {
            return std::nullopt;
        }
        for (const auto& [key, value] : table.items()) {
            const auto form = variable_form(key);
            if (form == rest) {
                return dotted("", key);
            }
            if (rest.starts_with(form + '_')) {
                if (auto below = spelled(value, rest.substr(form.size() + 1))) {
                    return dotted("", key) + '.' + *below;
                }
            }
        }
        return std::nullopt;
    }

    void set(std::string_view variable, std::string_view path, json value) {
        const Origin origin{"environment " + std::string(variable), 0, 0};
        // The path is a key as TOML has it: let TOML make the tables.
        auto layer = parse_toml(std::string(path) + " = 0", origin.source, problems_);
        if (layer.value.empty()) {
            return; // and parse_toml said why
        }
        for (auto& entry : layer.origins) {
            entry.second = origin;
        }
        json* leaf = &layer.value;
        while (leaf->is_object()) {
            leaf = &leaf->begin().value();
        }
        *leaf = std::move(value);
        // Tables keep the origin of the file that has them.
        const auto last = layer.origins.find(std::string(path));
        layer.origins = last == layer.origins.end() ? Origins{} : Origins{*last};
        merge(tree_, layer);
    }

    Tree& tree_;
    Problems& problems_;
    std::vector<std::string> agents_;
};

std::string notice_prefix(const std::string& variable) {
    return "environment " + variable + ": ";
}

bool is_usable(const std::string& variable, const std::string& text, Problems& problems) {
    const bool fits = text.size() <= max_variable_bytes;
    if (fits && text.find('\0') == std::string::npos &&
        bounded_utf8(text, text.size() + 3) == text) {
        return true;
    }
    problems.add({"environment " + variable, 0, 0}, "",
                 fits ? "not UTF-8 text" : "larger than 64 KiB");
    return false;
}

} // namespace

void apply_environment(Tree& tree, const std::map<std::string, std::string>& environment,
                       Problems& problems, std::vector<std::string>& notices) {
    Overrides overrides(tree, problems);
    for (const auto& key : seed_keys) {
        const auto found = environment.find(std::string(key.variable));
        if (found != environment.end() && is_usable(found->first, found->second, problems)) {
            overrides.seed(key, found->second);
        }
    }
    for (const auto& [variable, text] : environment) {
        if (variable.starts_with("NOA_") && is_usable(variable, text, problems) &&
            !overrides.named(variable, text)) {
            notices.push_back(notice_prefix(bounded_utf8(variable, 128)) +
                              "no key, or no configured agent, is meant by it; ignored");
        }
    }
    for (const auto* name : seed_names_without_key) {
        if (environment.contains(name)) {
            notices.push_back(notice_prefix(name) + "not used by this version; ignored");
        }
    }
    if (environment.contains("CONSUL_URL")) {
        notices.push_back(notice_prefix("CONSUL_URL") +
                          "not needed: the config agent takes Consul's part");
    }
}

} // namespace noa::config
