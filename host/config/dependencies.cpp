#include "config/dependencies.hpp"

#include <algorithm>

#include "base/names.hpp"

namespace noa::config {

namespace {

enum class Mark : std::uint8_t { unseen, open, done };

using Graph = std::map<std::string, const std::vector<std::string>*>;

Graph graph_of(const std::map<std::string, AgentConfig>& agents) {
    Graph graph;
    for (const auto& [name, agent] : agents) {
        graph.emplace(name, &agent.depends_on);
    }
    return graph;
}

// Depth first without recursion: a chain of dependencies may be as long as there are agents.
class Walk {
public:
    explicit Walk(Graph graph) : graph_(std::move(graph)) {
        for (const auto& [name, needs] : graph_) {
            if (marks_[name] == Mark::unseen) {
                enter(name);
                run();
            }
        }
    }

    std::vector<std::string> order;
    std::vector<Cycle> cycles;

private:
    struct Step {
        std::string name;
        std::size_t next = 0; // of its depends_on
    };

    void enter(const std::string& name) {
        marks_[name] = Mark::open;
        path_.push_back({name});
    }

    void run() {
        while (!path_.empty()) {
            auto& step = path_.back();
            const auto& needs = *graph_.at(step.name);
            if (step.next == needs.size()) {
                marks_[step.name] = Mark::done;
                order.push_back(step.name);
                path_.pop_back();
                continue;
            }
            const auto& need = needs[step.next++];
            if (!graph_.contains(need) || need == step.name) {
                continue;
            }
            if (marks_[need] == Mark::open) {
                note_cycle(need);
            } else if (marks_[need] == Mark::unseen) {
                enter(need);
            }
        }
    }

    void note_cycle(const std::string& back_to) {
        const auto first = std::find_if(path_.begin(), path_.end(),
                                        [&](const Step& step) { return step.name == back_to; });
        std::string text = "agents depend on each other: ";
        auto smallest = back_to;
        for (auto at = first; at != path_.end(); ++at) {
            text += at->name + " -> ";
            smallest = std::min(smallest, at->name);
        }
        cycles.push_back({std::move(smallest), text + back_to});
    }

    const Graph graph_;
    std::map<std::string, Mark> marks_;
    std::vector<Step> path_;
};

} // namespace

std::vector<Cycle> find_cycles(const std::map<std::string, AgentConfig>& agents) {
    return Walk(graph_of(agents)).cycles;
}

std::vector<Cycle> find_cycles(const Config& config) {
    auto graph = graph_of(config.agents);
    for (const auto& [name, service] : config.services) {
        graph.emplace(std::string(service_prefix) + name, &service.depends_on);
    }
    return Walk(std::move(graph)).cycles;
}

std::vector<std::string> dependency_order(const std::map<std::string, AgentConfig>& agents) {
    return Walk(graph_of(agents)).order;
}

} // namespace noa::config
