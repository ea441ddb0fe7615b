#include "agents.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "exposition.hpp"

namespace monitor {

namespace {

using noa::Json;

constexpr std::size_t longest_help = 300;
constexpr std::size_t most_buckets = 64;

std::string text_of(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<double> number_of(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_number() ? std::optional(found->get<double>())
                                                       : std::nullopt;
}

struct Figure {
    const char* key;
    const char* name;
    Kind kind;
    const char* help;
    double unit = 1;
};

template <std::size_t Count>
void add(const Json& object, const Figure (&figures)[Count], const Labels& labels, Samples& into) {
    for (const Figure& figure : figures) {
        if (const auto value = number_of(object, figure.key)) {
            into.push_back({figure.name, figure.kind, figure.help, labels, *value * figure.unit});
        }
    }
}

// Cut at a character.
std::string help_of(const Json& figure) {
    std::string help = text_of(figure, "help");
    std::size_t size = std::min(help.size(), longest_help);
    while (size < help.size() && size > 0 &&
           (static_cast<unsigned char>(help[size]) & 0xC0U) == 0x80U) {
        --size;
    }
    help.resize(size);
    return help;
}

// 0 healthy, 1 needs repair, 2 critical.
double level_of(std::string_view health) {
    return health == "healthy" ? 0 : health == "critical" ? 2 : 1;
}

// "cache" of "my-cache.v2": what may stand in a name.
std::string name_part(std::string_view text) {
    std::string part(text);
    std::ranges::replace_if(
        part, [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
    return part;
}

// An agent's own, in the form noa.metrics/1.
class OwnFigures {
public:
    OwnFigures(std::string before, const Labels& labels, Samples& into)
        : before_(std::move(before)), labels_(labels), into_(into) {}

    void read(const std::string& key, const Json& figure) {
        const std::string type = text_of(figure, "type");
        if (type == "histogram") {
            read_histogram(before_ + key, figure);
            return;
        }
        const Kind kind = type == "counter" ? Kind::counter : Kind::gauge;
        std::string name = before_ + key;
        if (kind == Kind::counter && !name.ends_with("_total")) {
            name += "_total";
        }
        const std::string help = help_of(figure);
        const Json series = figure.is_object() ? figure.value("series", Json()) : Json();
        if (const auto value = number_of(figure, "value")) {
            take({std::move(name), kind, help, labels_, *value});
            return;
        }
        for (const Json& one : series) {
            const auto value = number_of(one, "value");
            if (auto labels = value ? labels_of(one) : std::nullopt) {
                take({name, kind, help, *std::move(labels), *value});
            }
        }
    }

private:
    void take(Sample sample) {
        if (taken_ < max_own) {
            into_.push_back(std::move(sample));
            ++taken_;
        }
    }

    // With the agent's; nothing where a label is no text, or is the agent's own.
    [[nodiscard]] std::optional<Labels> labels_of(const Json& one) const {
        Labels all = labels_;
        const Json told = one.value("labels", Json::object());
        for (const auto& [name, text] : told.items()) {
            if (!text.is_string() || name == labels_.front().first) {
                return std::nullopt;
            }
            all.emplace_back(name, text.get<std::string>());
        }
        std::ranges::sort(all);
        return all;
    }

    // Whole or not at all, as a part of it says nothing.
    void read_histogram(const std::string& name, const Json& figure) {
        const auto count = number_of(figure, "count");
        const auto sum = number_of(figure, "sum");
        const Json buckets = figure.value("buckets", Json());
        if (!count || !sum || !buckets.is_array() || buckets.size() > most_buckets ||
            taken_ + buckets.size() + 3 > max_own) {
            return;
        }
        const std::string help = help_of(figure);
        const auto bucket = [&](std::string bound, double below) {
            Labels labels = labels_;
            labels.emplace_back("le", std::move(bound));
            take({name + "_bucket", Kind::histogram, help, std::move(labels), below});
        };
        for (const Json& one : buckets) {
            if (one.is_array() && one.size() == 2 && one[0].is_number() && one[1].is_number()) {
                bucket(number_text(one[0].get<double>()), one[1].get<double>());
            }
        }
        bucket("+Inf", *count);
        take({name + "_count", Kind::histogram, help, labels_, *count});
        take({name + "_sum", Kind::histogram, help, labels_, *sum});
    }

    std::string before_;
    const Labels& labels_;
    Samples& into_;
    std::size_t taken_ = 0;
};

} // namespace

std::vector<AgentBrief> read_agents(const Json& agents, Samples& into) {
    static constexpr Figure figures[] = {
        {"depth", "noa_agent_inbox_depth", Kind::gauge, "Messages that wait or are under way"},
        {"generation", "noa_agent_generation", Kind::gauge, "Number of the generation at work"},
        {"reloads", "noa_agent_reloads_total", Kind::counter, "Reloads since the host started"},
        {"restarts", "noa_agent_restarts_total", Kind::counter, "Restarts since the host started"},
    };
    std::vector<AgentBrief> all;
    for (const Json& agent : agents) {
        AgentBrief brief{text_of(agent, "name"), text_of(agent, "plugin"),
                         text_of(agent, "state") == "running"};
        if (brief.name.empty() || all.size() >= max_agents) {
            continue;
        }
        const Labels labels{{"agent", brief.name}};
        into.push_back({"noa_agent_up", Kind::gauge, "1 while the agent runs", labels,
                        brief.running ? 1.0 : 0.0});
        into.push_back({"noa_agent_stopped", Kind::gauge, "1 while somebody wants it not to run",
                        labels, text_of(agent, "state") == "stopped" ? 1.0 : 0.0});
        into.push_back({"noa_agent_health", Kind::gauge, "0 healthy, 1 needs repair, 2 critical",
                        labels, level_of(text_of(agent, "health"))});
        into.push_back({"noa_agent_info",
                        Kind::gauge,
                        "1; what the agent is",
                        {{"agent", brief.name},
                         {"plugin", brief.plugin},
                         {"run", text_of(agent, "run")},
                         {"version", text_of(agent, "version")}},
                        1});
        add(agent, figures, labels, into);
        all.push_back(std::move(brief));
    }
    return all;
}

void read_status(const Json& status, Samples& into) {
    static constexpr Figure whole[] = {
        {"uptime_s", "noa_host_uptime_seconds", Kind::gauge, "Time since the host started"}};
    static constexpr Figure messages[] = {
        {"waiting", "noa_host_messages_waiting", Kind::gauge, "Messages in all inboxes"}};
    static constexpr Figure room[] = {{"free_bytes", "noa_host_state_free_bytes", Kind::gauge,
                                       "Room that is left where the host keeps its state"}};
    if (!status.is_object()) {
        return;
    }
    add(status, whole, {}, into);
    add(status.value("messages", Json()), messages, {}, into);
    add(status.value("state_dir", Json()), room, {}, into);
    const Json agents = status.value("agents", Json());
    for (const char* state : {"running", "stopped", "failed"}) {
        if (const auto count = number_of(agents, state)) {
            into.push_back(
                {"noa_host_agents", Kind::gauge, "Agents by state", {{"state", state}}, *count});
        }
    }
    if (const auto pinned = status.find("pinned"); pinned != status.end()) {
        into.push_back({"noa_host_pinned_libraries",
                        Kind::gauge,
                        "Libraries that could not be unloaded",
                        {},
                        static_cast<double>(pinned->size())});
    }
    into.push_back({"noa_host_info",
                    Kind::gauge,
                    "1; what the host is",
                    {{"version", text_of(status, "version")}},
                    1});
}

void read_metrics(const AgentBrief& agent, const Json& metrics, Samples& into) {
    static constexpr Figure figures[] = {
        {"handled", "noa_agent_messages_handled_total", Kind::counter,
         "Messages that were handled"},
        {"failed", "noa_agent_messages_failed_total", Kind::counter,
         "Messages whose handling failed"},
        {"refused", "noa_agent_messages_refused_total", Kind::counter,
         "Messages that the inbox had no room for"},
        {"redelivered", "noa_agent_messages_redelivered_total", Kind::counter,
         "Messages that were delivered again"},
        {"expired", "noa_agent_messages_expired_total", Kind::counter,
         "Messages whose deadline passed"},
        {"dead", "noa_agent_messages_dead_total", Kind::counter, "Messages that were given up"},
        {"busy_ns", "noa_agent_busy_seconds_total", Kind::counter,
         "Time that the agent spent on messages", 1e-9},
        {"arena_bytes", "noa_agent_arena_bytes", Kind::gauge, "Size of the agent's arena"},
        {"arena_resident_bytes", "noa_agent_arena_resident_bytes", Kind::gauge,
         "Memory of the agent's arena that is in use"},
    };
    if (!metrics.is_object()) {
        return;
    }
    const Labels labels{{"agent", agent.name}};
    const Json host = metrics.value("host", Json());
    add(host, figures, labels, into);
    const Json took = host.is_object() ? host.value("took", Json()) : Json();
    if (number_of(took, "count").value_or(0) > 0) { // no room for those that did nothing yet
        OwnFigures("noa_agent_", labels, into).read("message_seconds", took);
    }
    OwnFigures own("noa_" + name_part(agent.plugin) + "_", labels, into);
    const Json told = metrics.value("agent", Json());
    for (const auto& [key, figure] : told.items()) {
        own.read(key, figure);
    }
}

} // namespace monitor
