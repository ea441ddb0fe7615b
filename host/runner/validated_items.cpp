#include "validated_items.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "plugin/text.hpp"
#include "validated_settings.hpp"

namespace noa::runner {

namespace {

using testing::Harness;
using testing::Outcome;

constexpr std::size_t large_body = std::size_t{1} << 20U;
constexpr std::size_t messages_max = 2000;

// One letter a step, in every order that noa/plugin.h allows.
struct Order {
    const char* name;
    const char* steps;
};
constexpr std::array<Order, 9> orders{{
    {"create, destroy", "c"},
    {"create, validate, destroy", "cv"},
    {"create, validate, commit, destroy", "cvm"},
    {"destroyed while it runs", "cvms"},
    {"start, quiesce, destroy", "cvmsq"},
    {"quiesce undone by start", "cvmsqsq"},
    {"committed twice before start", "cvmvmsq"},
    {"confirmed", "cvmskq"},
    {"restarted on its own state", "cvmsqwrsqw"},
}};

Breach take_step(Life& life, char letter, const std::string& settings, testing::SavedState& state) {
    switch (letter) {
    case 'c': return life.step("create", [](Harness& agent) { return agent.create(); });
    case 'v':
    case 'm':
        return life.step("configure",
                         [&](Harness& agent) { return agent.configure(settings, letter == 'm'); });
    case 's': return life.start();
    case 'q': return life.quiesce();
    case 'k':
        return life.step("confirm", [](Harness& agent) {
            agent.confirm();
            return Outcome();
        });
    case 'w': return life.step("save", [&](Harness& agent) { return agent.save(state); });
    default:
        return state.schema == 0
                   ? Breach()
                   : life.step("restore", [&](Harness& agent) { return agent.restore(state); });
    }
}

// The settings that every order is tried with.
Breach find_settings(const Trial& trial, std::string& settings) {
    Life life(trial, trial.file);
    auto breach = life.load();
    breach = breach.empty() ? life.set_up() : breach;
    settings = life.settings();
    return breach.empty() ? life.unload() : breach;
}

Breach try_order(const Trial& trial, const char* steps, const std::string& settings) {
    Life life(trial, trial.file);
    auto breach = life.load();
    const auto threads = thread_count();
    testing::SavedState state;
    for (const char* at = steps; *at != '\0' && breach.empty(); ++at) {
        breach = take_step(life, *at, settings, state);
    }
    if (breach.empty()) {
        breach = life.step("destroy", [](Harness& agent) {
            agent.destroy();
            return Outcome();
        });
    }
    // Before the library goes: a thread that is left would die of it, in some later order.
    if (const auto left = threads_down_to(threads); breach.empty() && left > threads) {
        breach = std::to_string(left - threads) + " threads are left after destroy";
    }
    return breach.empty() ? life.unload() : breach;
}

Breach save_of(Life& life, testing::SavedState& state) {
    auto breach = life.quiesce();
    return breach.empty() ? life.step("save", [&](Harness& agent) { return agent.save(state); })
                          : breach;
}

// What one generation leaves to the next, beside its state.
struct Inherited {
    std::int64_t now_ns = 0;
    std::shared_ptr<testing::FakeArena> arena; // owners: this, and the harness that has it
};

// A generation that was handed `state`, and what it saves of it.
Breach pass_on(const Trial& trial, const testing::SavedState& state, const Inherited& inherited,
               testing::SavedState& next) {
    Life life(trial, trial.file);
    auto breach = life.load();
    if (breach.empty()) {
        life.harness().host().now_ns = inherited.now_ns;
        life.harness().host().arena = inherited.arena;
        breach = life.set_up();
    }
    if (breach.empty()) {
        breach = life.step("restore", [&](Harness& agent) { return agent.restore(state); });
    }
    breach = breach.empty() ? life.start() : breach;
    breach = breach.empty() ? save_of(life, next) : breach;
    return breach.empty() ? life.unload() : breach;
}

// States that nobody saved: any answer will do but a crash, an exception or silence.
Breach try_strange_states(const Trial& trial, const testing::SavedState& good) {
    std::vector<testing::SavedState> strange{
        {good.schema, {}},
        {good.schema, good.bytes.substr(0, good.bytes.size() / 2)},
        {good.schema, std::string(64, '\xFF')},
        {good.schema, std::string(4096, '\0')},
        {good.schema, good.bytes + good.bytes},
        {good.schema + 1, good.bytes},
    };
    for (std::size_t at = 0; at < good.bytes.size() && at < 64; ++at) {
        strange.push_back(good);
        strange.back().bytes[at] = static_cast<char>(~strange.back().bytes[at]);
    }
    for (const auto& state : strange) {
        Life life(trial, trial.file);
        bool accepted = false;
        auto breach = life.load();
        breach = breach.empty() ? life.set_up() : breach;
        if (breach.empty()) {
            breach = life.ask(
                "restore", [&](Harness& agent) { return agent.restore(state); }, accepted);
        }
        breach = breach.empty() ? life.unload() : breach;
        if (!breach.empty()) {
            return "a state of schema " + std::to_string(state.schema) + " and " +
                   std::to_string(state.bytes.size()) + " bytes: " + breach;
        }
    }
    return {};
}

std::vector<std::string> bodies_for(const nlohmann::json& operation) {
    std::vector<std::string> out{"",
                                 "{}",
                                 "[]",
                                 "null",
                                 "0",
                                 "\"text\"",
                                 "{",
                                 "\xFF\xFE",
                                 std::string(512, '['),
                                 std::string(large_body, 'x')};
    const auto found = operation.is_object() ? operation.find("request") : operation.end();
    if (operation.is_object() && found != operation.end()) {
        for (const auto& value : odd_values(*found)) {
            out.push_back(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        }
    }
    return out;
}

Breach send_all(Life& life, const std::string& operation, const std::vector<std::string>& bodies,
                std::size_t& messages) {
    for (const auto& body : bodies) {
        if (messages >= messages_max) {
            return {};
        }
        ++messages;
        bool answered = false;
        auto breach = life.ask(
            "handle",
            [&](Harness& agent) {
                const auto answer = agent.call(operation, body);
                return Outcome{answer.settled ? answer.status : NOA_OK, answer.text};
            },
            answered);
        if (!breach.empty()) {
            return std::string(operation)
                .append(" ")
                .append(plugin::printable(body, 40))
                .append(": ")
                .append(breach);
        }
    }
    return {};
}

} // namespace

ItemVerdict passed(std::string text) {
    return {"pass", std::move(text)};
}
ItemVerdict failed(std::string text) {
    return {"fail", std::move(text)};
}
ItemVerdict skipped(std::string text) {
    return {"skipped", std::move(text)};
}

Breach exercise(Life& life, std::size_t& messages) {
    using namespace std::chrono_literals;
    std::string description;
    auto breach = life.step("describe", [&](Harness& agent) {
        description = agent.describe();
        static_cast<void>(agent.health());
        static_cast<void>(agent.metrics());
        return Outcome();
    });
    const auto parsed = plugin::parse_json(description).value_or(nlohmann::json());
    const auto found = parsed.is_object() ? parsed.find("operations") : parsed.end();
    const bool named = parsed.is_object() && found != parsed.end() && found->is_object();
    const auto operations = named ? *found : nlohmann::json::object();
    if (breach.empty()) {
        breach = send_all(life, "no-such-operation", {"", "{}"}, messages);
    }
    for (const auto& [name, operation] : operations.items()) {
        if (breach.empty()) {
            breach = send_all(life, name, bodies_for(operation), messages);
        }
    }
    return breach.empty() ? life.step("timers",
                                      [](Harness& agent) {
                                          agent.event("no.such.subject", "\xFF");
                                          agent.advance(2min);
                                          return Outcome();
                                      })
                          : breach;
}

ItemVerdict try_lifecycle(const Trial& trial) {
    std::string settings;
    if (auto breach = find_settings(trial, settings); !breach.empty()) {
        return failed(breach);
    }
    for (const auto& [name, steps] : orders) {
        if (auto breach = try_order(trial, steps, settings); !breach.empty()) {
            return failed(std::string(name) + ": " + breach);
        }
    }
    return passed(std::to_string(orders.size()) + " orders");
}

ItemVerdict try_settings(const Trial& trial) {
    Life life(trial, trial.file);
    auto breach = life.load();
    breach = breach.empty() ? life.step("create", [](Harness& agent) { return agent.create(); })
                            : breach;
    if (!breach.empty()) {
        return failed(breach);
    }
    if (life.table().configure == nullptr) {
        return skipped("it has no configure");
    }
    std::size_t tried = 0;
    std::size_t taken = 0;
    for (const auto& value : odd_settings(life.table().settings_schema)) {
        const auto text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        bool accepted = false;
        for (const bool commit : {false, true}) {
            if (breach.empty() && (!commit || accepted)) {
                breach = life.ask(
                    "configure", [&](Harness& agent) { return agent.configure(text, commit); },
                    accepted);
            }
        }
        if (!breach.empty()) {
            return failed(plugin::printable(text, 200) + ": " + breach);
        }
        ++tried;
        taken += accepted ? 1 : 0;
    }
    breach = life.unload();
    return breach.empty()
               ? passed(std::to_string(tried) + " tried, " + std::to_string(taken) + " accepted")
               : failed(breach);
}

ItemVerdict try_messages(const Trial& trial) {
    Life life(trial, trial.file);
    auto breach = life.load();
    breach = breach.empty() ? life.set_up() : breach;
    breach = breach.empty() ? life.start() : breach;
    std::size_t messages = 0;
    breach = breach.empty() ? exercise(life, messages) : breach;
    breach = breach.empty() ? life.quiesce() : breach;
    breach = breach.empty() ? life.unload() : breach;
    return breach.empty() ? passed(std::to_string(messages) + " messages") : failed(breach);
}

ItemVerdict try_state(const Trial& trial) {
    testing::SavedState first;
    Inherited inherited;
    {
        Life life(trial, trial.file);
        auto breach = life.load();
        if (breach.empty() && (life.table().save == nullptr || life.table().state_schema == 0)) {
            return skipped("it saves no state");
        }
        std::size_t messages = 0;
        breach = breach.empty() ? life.set_up() : breach;
        breach = breach.empty() ? life.start() : breach;
        breach = breach.empty() ? exercise(life, messages) : breach;
        breach = breach.empty() ? save_of(life, first) : breach;
        if (!breach.empty()) {
            return failed(breach);
        }
        inherited = {life.harness().now_ns(), life.harness().host().arena};
        if (life.table().restore == nullptr) {
            return failed("it has save and no restore");
        }
        if (breach = life.unload(); !breach.empty()) {
            return failed(breach);
        }
    }
    testing::SavedState second;
    testing::SavedState third;
    auto breach = pass_on(trial, first, inherited, second);
    breach = breach.empty() ? pass_on(trial, second, inherited, third) : breach;
    // What counts generations may differ once.
    if (breach.empty() && first.bytes != second.bytes && second.bytes != third.bytes) {
        breach = "what was restored is not saved as it was: " + std::to_string(first.bytes.size()) +
                 " bytes, then " + std::to_string(second.bytes.size());
    }
    breach = breach.empty() ? try_strange_states(trial, first) : breach;
    return breach.empty() ? passed(std::to_string(first.bytes.size()) + " bytes of schema " +
                                   std::to_string(first.schema))
                          : failed(breach);
}

} // namespace noa::runner
