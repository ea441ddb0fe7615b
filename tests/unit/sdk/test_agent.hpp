// An agent whose setup is the test's: what each test needs, and nothing else.
#pragma once

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "noa/sdk.hpp"
#include "noa/testing/harness.hpp"

namespace noa::test {

using noa::testing::Harness;

class TestAgent;
// Where create finds what the running test wants. One test at a time: set by Scene.
struct Plan {
    std::function<void(TestAgent&, noa::Setup&)> setup;
    std::function<noa::Status(TestAgent&)> start;
    std::function<noa::Status(TestAgent&)> quiesce;
    std::function<noa::Status(noa::StateWriter&)> save;
    std::function<noa::Status(noa::StateReader&)> restore;
};
inline Plan plan;

class TestAgent final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{.id = "tested",
                                          .version = "1.2.3",
                                          .description = "A test's",
                                          .state_schema = 2,
                                          .live_settings = true,
                                          .sockets = true};

    void setup(noa::Setup& setup) override {
        if (plan.setup) {
            plan.setup(*this, setup);
        }
    }
    noa::Status start() override { return plan.start ? plan.start(*this) : noa::Status(); }
    noa::Status quiesce(noa::Time) override {
        return plan.quiesce ? plan.quiesce(*this) : noa::Status();
    }
    noa::Status save(noa::StateWriter& state) override {
        return plan.save ? plan.save(state) : noa::Status();
    }
    noa::Status restore(noa::StateReader& state) override {
        return plan.restore ? plan.restore(state) : noa::Status();
    }

    using noa::Agent::after;
    using noa::Agent::buffer;
    using noa::Agent::cancel;
    using noa::Agent::every;
    using noa::Agent::facts;
    using noa::Agent::host;
    using noa::Agent::keep;
    using noa::Agent::log;
    using noa::Agent::name;
    using noa::Agent::now;
    using noa::Agent::post;
    using noa::Agent::publish;
    using noa::Agent::request;
    using noa::Agent::send;
    using noa::Agent::send_many;
    using noa::Agent::state_dir;
    using noa::Agent::task;
};

// A harness with that agent; at its end nothing may have broken the contract.
class Scene : public ::testing::Test {
protected:
    Scene() { plan = {}; }
    ~Scene() override {
        agent.destroy();
        EXPECT_THAT(agent.violations(), ::testing::IsEmpty());
        plan = {};
    }
    void run(std::function<void(TestAgent&, noa::Setup&)> setup) {
        plan.setup = std::move(setup);
        const auto outcome = agent.run();
        ASSERT_TRUE(outcome) << outcome.text;
    }

    Harness agent{&sdk::plugin_table<TestAgent>};
};

} // namespace noa::test
