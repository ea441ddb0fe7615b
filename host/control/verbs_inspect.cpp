#include <algorithm>
#include <atomic>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "base/names.hpp"
#include "control/host_verbs.hpp"

namespace noa::control {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds ask_timeout{5'000};
constexpr std::chrono::milliseconds complete_timeout{1'000};
constexpr std::size_t askers = 16;
constexpr std::size_t max_answer_bytes = std::size_t{1024} * 1024; // noa.inspect/1

// What the agent says of itself: an object, or {"error": {…}}.
json ask(bus::Caller& caller, const std::string& agent, const char* operation,
         std::chrono::milliseconds timeout) {
    const auto failed = [](const Error& error) { return json{{"error", error_to_json(error)}}; };
    auto reply = caller.call(agent, operation, "{}", timeout);
    if (!reply) {
        return failed(reply.error());
    }
    if (reply->status != NOA_OK) {
        return failed({Errc::refused, operation, agent, reply->body.substr(0, 512), {}});
    }
    if (reply->body.size() > max_answer_bytes) {
        return failed({Errc::invalid, operation, agent, "its answer is longer than 1 MiB", {}});
    }
    auto answer = parse_json(reply->body, agent);
    if (!answer || !answer->is_object()) {
        return failed(answer ? Error{Errc::invalid, operation, agent, "its answer is no object", {}}
                             : answer.error());
    }
    return std::move(*answer);
}

// All at once, at most `askers` of them, so that a stuck one does not hold up the rest.
std::vector<json> ask_all(bus::Caller& caller, const std::vector<std::string>& agents,
                          const char* operation) {
    std::vector<json> answers(agents.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < agents.size(); i = next++) {
            answers[i] = ask(caller, agents[i], operation, ask_timeout);
        }
    };
    std::vector<std::jthread> threads;
    try {
        for (std::size_t i = 1; i < std::min(askers, agents.size()); ++i) {
            threads.emplace_back(work);
        }
    } catch (const std::system_error&) { // fewer threads then
    }
    work();
    threads.clear();
    return answers;
}

Result<json> describe(bus::Caller& caller, const RunningAgents& running, const json& args) {
    Args in("describe", args);
    auto agents = in.agents();
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    const bool one = agents.size() == 1;
    if (agents.empty()) {
        agents = running();
    }
    auto answers = ask_all(caller, agents, "describe");
    if (one && answers[0].size() == 1 && answers[0].contains("error")) {
        return Failure(error_from_json(answers[0]["error"]));
    }
    json all = json::object();
    for (std::size_t i = 0; i < agents.size(); ++i) {
        all[agents[i]] = std::move(answers[i]);
    }
    return json{{"agents", std::move(all)}};
}

int severity(std::string_view status) noexcept {
    return status == "healthy" ? 0 : status == "needs_repair" ? 1 : 2;
}

Result<json> health(bus::Caller& caller, const RunningAgents& running, const Judge& judge,
                    const ServicesHealth& services_health, const json& args) {
    Args in("health", args);
    auto agents = in.targets();
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    auto services = services_health(agents);
    const bool all_of_them = agents.empty();
    std::erase_if(agents, [](const std::string& name) { return is_service(name); });
    if (all_of_them) {
        agents = running();
    }
    auto answers = ask_all(caller, agents, "health");
    std::string worst = "healthy";
    const auto consider = [&worst](const std::string& status) {
        if (severity(status) > severity(worst)) {
            worst = severity(status) == 1 ? "needs_repair" : "critical";
        }
    };
    json all = json::object();
    for (std::size_t i = 0; i < agents.size(); ++i) {
        answers[i] = judge(agents[i], std::move(answers[i]));
        const auto found = answers[i].find("status");
        const bool told = found != answers[i].end() && found->is_string();
        const std::string status = told ? found->get<std::string>() : "critical";
        consider(status);
        answers[i]["status"] = status;
        all[agents[i]] = std::move(answers[i]);
    }
    for (const auto& service : services) {
        consider(service.at("status").get<std::string>());
    }
    return json{{"status", worst}, {"agents", std::move(all)}, {"services", std::move(services)}};
}

Result<json> complete(bus::Caller& caller, const RunningAgents& running, const json& args) {
    Args in("complete", args);
    const auto what = in.text("what", 32);
    const auto agent = what == "operations" ? in.agent() : std::string();
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    json words = json::array();
    if (what == "agents") {
        words = running();
    } else if (what == "operations") {
        const json described = ask(caller, agent, "describe", complete_timeout);
        if (const auto found = described.find("operations");
            found != described.end() && found->is_object()) {
            for (const auto& [name, operation] : found->items()) {
                words.push_back(name);
            }
        }
    } else {
        return fail(Errc::invalid, "complete", "what", "wanted agents or operations");
    }
    return json{{"words", std::move(words)}};
}

} // namespace

void add_inspect_verbs(Verbs& verbs, bus::Caller& caller, RunningAgents running, Judge judge,
                       ServicesHealth services) {
    verbs.add("health", Right::read,
              [&caller, running, judge = std::move(judge),
               services = std::move(services)](const json& args, Connection&) {
                  return health(caller, running, judge, services, args);
              });
    using Ask = Result<json> (*)(bus::Caller&, const RunningAgents&, const json&);
    const auto add = [&](const char* name, Ask function) {
        verbs.add(name, Right::read, [&caller, running, function](const json& args, Connection&) {
            return function(caller, running, args);
        });
    };
    add("describe", &describe);
    add("complete", &complete);
}

} // namespace noa::control
