#include "config/explain.hpp"

#include "config/shown.hpp"
#include "config/tree.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

class Rows {
public:
    explicit Rows(const Config& config) : origins_(config.origins) {
        add_all("host", shown_values(config.host));
        for (const auto& [name, agent] : config.agents) {
            const auto path = dotted("agents", name);
            add_all(path, shown_values(agent));
            add_settings(dotted(path, "settings"), agent.shown_settings());
        }
        for (const auto& [name, service] : config.services) {
            add_all(dotted("services", name), shown_values(service));
        }
    }

    json rows = json::array();

private:
    void add(const std::string& key, const json& value) {
        // Of a table that a file has, the keys that it does not have are still defaults.
        const auto exact = origins_.find(key);
        const auto origin = exact == origins_.end() ? Origin{"default", 0, 0} : exact->second;
        rows.push_back({{"key", key}, {"value", value}, {"origin", origin.text()}});
    }

    void add_all(const std::string& path, const ShownValues& values) {
        for (const auto& [key, value] : values) {
            add(std::string(path).append(".").append(key), value);
        }
    }

    void add_settings(const std::string& path, const json& value) {
        if (!value.is_object() || (value.empty() && origins_.contains(path))) {
            // Values inside of what a variable gave have its origin.
            const auto origin = origin_of(origins_, path);
            rows.push_back({{"key", path}, {"value", value}, {"origin", origin.text()}});
            return;
        }
        for (const auto& [key, child] : value.items()) {
            add_settings(dotted(path, key), child);
        }
    }

    const Origins& origins_;
};

} // namespace

Result<json> explain(const Config& config, const std::string& key) {
    auto all = Rows(config).rows;
    if (key.empty()) {
        return all;
    }
    auto chosen = json::array();
    std::vector<std::string> known;
    for (auto& row : all) {
        const auto& name = row["key"].get_ref<const std::string&>();
        known.push_back(name);
        if (name == key || name.starts_with(key + '.')) {
            chosen.push_back(std::move(row));
        }
    }
    if (chosen.empty()) {
        return fail(Errc::not_found, "explain configuration", key,
                    "no such key" + suggestion(key, known));
    }
    return chosen;
}

} // namespace noa::config
