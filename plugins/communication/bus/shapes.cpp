// Recipients are asked what they take before a message for them is taken.
#include <algorithm>
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

// Whoever takes longer to say what it takes gets what there is.
constexpr noa::Duration patience = std::chrono::milliseconds(500);

} // namespace

void Communication::set_up_shapes(noa::Setup& setup) {
    setup.subscribe("host.agent.*", [this](const noa::Event& event) {
        const std::string_view subject = event.subject();
        shapes_.forget(std::string(subject.substr(subject.rfind('.') + 1)));
    });
}

bool Communication::goes_by_shape(const Terms& terms) const {
    return schema_mode_ != RuleMode::off && terms.kind == Kind::request && !terms.envelope &&
           terms.content_type == noa::sdk::json_content_type;
}

void Communication::add_unknown(const SendRequest& request, std::set<std::string>& ret_all) const {
    const bool json = request.terms.content_type.empty() ||
                      request.terms.content_type == noa::sdk::json_content_type;
    if (schema_mode_ == RuleMode::off || request.terms.kind != Kind::request ||
        request.terms.envelope || !json) {
        return;
    }
    const auto add = [&](const std::string& agent) {
        if (agent != name() && !shapes_.knows(agent, now())) {
            ret_all.insert(agent);
        }
    };
    if (request.group.empty()) {
        add(request.terms.recipient);
    } else if (const auto group = groups_.find(request.group); group != groups_.end()) {
        std::ranges::for_each(group->second, add);
    }
}

void Communication::ask_first(std::set<std::string> agents, noa::sdk::Function<void()> then) {
    const std::set<std::string> all = agents;
    parked_.push_back({std::move(agents), std::move(then)});
    for (const std::string& agent : all) {
        if (!asked_.insert(agent).second) {
            continue;
        }
        request(agent, "describe")
            .timeout(patience)
            .then([this, agent](const noa::Result<noa::Json>& description) {
                learned(agent, description ? *description : noa::Json());
            });
    }
}

void Communication::learned(const std::string& agent, const noa::Json& description) {
    asked_.erase(agent);
    shapes_.learn(agent, description, now());
    // In the order in which they came; what one of them asks for in turn waits behind.
    std::list<Parked> ready;
    for (auto at = parked_.begin(); at != parked_.end();) {
        at->agents.erase(agent);
        const auto next = std::next(at);
        if (at->agents.empty()) {
            ready.splice(ready.end(), parked_, at);
        }
        at = next;
    }
    for (Parked& one : ready) {
        one.run();
    }
}

noa::Status Communication::within_shape(SendRequest& request) {
    if (!goes_by_shape(request.terms)) {
        return {};
    }
    std::string fault;
    if (request.group.empty()) {
        fault = shapes_.fault(request.terms.recipient, request.terms.operation, request.body());
    } else if (const auto group = groups_.find(request.group); group != groups_.end()) {
        for (auto member = group->second.begin(); fault.empty() && member != group->second.end();
             ++member) {
            fault = shapes_.fault(*member, request.terms.operation, request.body());
        }
    }
    if (fault.empty()) {
        return {};
    }
    if (schema_mode_ == RuleMode::reject) {
        rejected_.add();
        return noa::invalid("/body" + (fault.starts_with("/:") ? fault.substr(1) : fault) +
                            ", by the schema of the recipient's " + request.terms.operation);
    }
    request.terms.flags += request.terms.flags.empty() ? "schema" : ",schema";
    flagged_.add();
    return {};
}

} // namespace communication
