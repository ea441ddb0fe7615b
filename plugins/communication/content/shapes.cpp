#include "shapes.hpp"

#include <utility>

namespace communication {

bool Shapes::knows(const std::string& agent, noa::Time now) const {
    const auto found = agents_.find(agent);
    return found != agents_.end() && now < found->second.until;
}

void Shapes::learn(const std::string& agent, const noa::Json& description, noa::Time now) {
    if (agents_.size() >= most_agents && !agents_.contains(agent)) {
        agents_.clear();
    }
    Agent& known = agents_[agent];
    known = {now + (description.is_null() ? unknown : believed), noa::Json::object(), {}};
    const auto operations =
        description.is_object() ? description.find("operations") : description.end();
    if (!description.is_object() || operations == description.end() || !operations->is_object()) {
        return;
    }
    for (const auto& [name, operation] : operations->items()) {
        if (operation.is_object() && operation.contains("request")) {
            known.operations[name] = operation["request"];
        }
    }
}

const noa::json_schema::Schema* Shapes::schema_of(Agent& agent, const std::string& operation) {
    if (const auto found = agent.compiled.find(operation); found != agent.compiled.end()) {
        return found->second.get();
    }
    const auto told = agent.operations.find(operation);
    if (told == agent.operations.end()) {
        return nullptr;
    }
    // One that is no schema holds up nobody: its agent judges by itself.
    auto compiled = noa::json_schema::Schema::compile(std::move(*told));
    agent.operations.erase(told);
    return (agent.compiled[operation] = compiled ? *compiled : nullptr).get();
}

std::string Shapes::fault(const std::string& agent, const std::string& operation,
                          std::string_view body) {
    const auto known = agents_.find(agent);
    const auto* schema = known == agents_.end() ? nullptr : schema_of(known->second, operation);
    if (schema == nullptr) {
        return {};
    }
    const auto findings = schema->check(noa::Json::parse(body, nullptr, false));
    return findings.empty() ? std::string() : findings.front().text();
}

} // namespace communication
