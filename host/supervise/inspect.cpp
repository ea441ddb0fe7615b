// What a generation tells about itself: the plugin's word, and the host's figures around it.
#include <nlohmann/json.hpp>

#include "supervise/counters.hpp"
#include "supervise/generation.hpp"

namespace noa::supervise {

using nlohmann::json;

namespace {

// The plugin's JSON object; an empty one when it does not offer any.
Result<json> parse_own(const std::string& agent, const Result<std::string>& text) {
    if (!text) {
        return Failure(text.error());
    }
    if (text->empty()) {
        return json::object();
    }
    auto own = json::parse(*text, nullptr, false);
    if (!own.is_object()) {
        return fail(Errc::internal, "inspect agent", agent, "its answer is not a JSON object",
                    "the plugin breaks noa.inspect/1");
    }
    return own;
}

json describe(const std::string& agent, const plugin::ProbeFacts& facts,
              const std::vector<std::string>& more_capabilities, json own) {
    own["agent"] = agent;
    own["plugin"] = facts.id;
    own["version"] = facts.version;
    own["description"] = facts.description;
    auto& capabilities = own["capabilities"];
    if (!capabilities.is_array()) {
        capabilities = json::array();
    }
    for (const auto& capability : more_capabilities) {
        capabilities.push_back(capability);
    }
    auto& operations = own["operations"];
    if (!operations.is_object()) {
        operations = json::object();
    }
    for (const auto* name : {"health", "metrics", "describe"}) {
        operations[name] = {{"summary", "answered by every agent"}};
    }
    return own;
}

} // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): JSON of known types throws nothing
Result<std::string> Generation::inspect(std::string_view operation) noexcept {
    using Question = plugin::Instance::Question;
    const auto question = operation == "health"    ? Question::health
                          : operation == "metrics" ? Question::metrics
                                                   : Question::describe;
    auto own = parse_own(name_, instance_->ask(question));
    if (!own) {
        return Failure(own.error());
    }
    if (question == Question::describe) {
        return describe(name_, blueprint_.facts, capabilities_, std::move(*own))
            .dump(-1, ' ', false, json::error_handler_t::replace);
    }
    if (question == Question::metrics) {
        json all{{"host", counters_of(lane_->endpoint().inbox())}, {"agent", std::move(*own)}};
        all["host"]["took"] = durations_of(lane_->endpoint().inbox());
        if (const auto arena = agent_arena_.told()) {
            all["host"]["arena_bytes"] = arena->size;
            all["host"]["arena_resident_bytes"] = arena->resident;
        }
        return all.dump(-1, ' ', false, json::error_handler_t::replace);
    }
    if (!own->contains("status")) {
        (*own)["status"] = "healthy";
    }
    return own->dump(-1, ' ', false, json::error_handler_t::replace);
}

void Generation::note_facts() {
    const auto ns = [](std::chrono::milliseconds time) {
        return std::chrono::nanoseconds(time).count();
    };
    noa_agent_facts facts{};
    facts.struct_size = sizeof facts;
    facts.run = config().run == "process" ? NOA_RUN_PROCESS : NOA_RUN_THREAD;
    facts.name = bus::to_str(name_);
    facts.generation = blueprint_.number;
    facts.queue_size = config().queue_size;
    facts.concurrency = config().concurrency;
    facts.max_deliveries = config().max_deliveries;
    facts.task_timeout_ns = ns(config().task_timeout);
    facts.quiesce_timeout_ns = ns(config().quiesce_timeout);
    const std::lock_guard lock(facts_mutex_);
    facts_ = facts;
}

noa_agent_facts Generation::facts() const {
    const std::lock_guard lock(facts_mutex_);
    return facts_;
}

} // namespace noa::supervise
