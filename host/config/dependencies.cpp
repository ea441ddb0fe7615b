#include "config/dependencies.hpp"

#include <algorithm>

namespace noa::config {

namespace {

enum class Mark : std::uint8_t { unseen, open, done };

// Depth first without recursion: a chain of dependencies may be as long as there are agents.
class Walk {
public:
    explicit Walk(const std::map<std::string, AgentConfig>& agents) : agents_(agents) {
        for (const auto& [name, agent] : agents) {
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
            const auto& needs = agents_.at(step.name).depends_on;
            if (step.next == needs.size()) {
                marks_[step.name] = Mark::done;
                order.push_back(step.name);
                path_.pop_back();
                continue;
            }
            const auto& need = needs[step.next++];
            if (!agents_.contains(need) || need == step.name) {
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

    const std::map<std::string, AgentConfig>& agents_;
    std::map<std::string, Mark> marks_;
    std::vector<Step> path_;
};

} // namespace

std::vector<Cycle> find_cycles(const std::map<std::string, AgentConfig>& agents) {
    return Walk(agents).cycles;
}

std::vector<std::string> dependency_order(const std::map<std::string, AgentConfig>& agents) {
    return Walk(agents).order;
}

} // namespace noa::config
