#include "noa/sdk/json.hpp"
#include "test_agent.hpp"

namespace noa::test {
namespace {

struct Limits {
    std::int64_t size = 10;
    std::int64_t port = 80;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("size", &Limits::size),
                           noa::optional_field("port", &Limits::port));
    }
};

class LiveSettings : public Scene {
protected:
    // A port needs a new generation, a size does not; a size of 0 is no size.
    void run_it() {
        run([this](TestAgent&, noa::Setup& setup) {
            setup.settings<Limits>(
                [](const Limits& limits) -> noa::Status {
                    return limits.size > 0 ? noa::Status() : noa::invalid("size: above 0");
                },
                [this](Limits limits) { now_ = limits; });
            setup.live_settings<Limits>(
                [this](const Limits& limits) { return limits.port == now_.port; },
                [this](Limits limits) {
                    now_ = limits;
                    ++taken_;
                });
        });
    }
    Limits now_;
    int taken_ = 0;
};

TEST_F(LiveSettings, AreTakenWhileTheAgentRuns) {
    run_it();
    EXPECT_TRUE(agent.reconfigure(R"({"size": 20, "port": 80})"));
    EXPECT_EQ(now_.size, 20);
    EXPECT_EQ(taken_, 1);
}

TEST_F(LiveSettings, ThatNeedANewGenerationAreRefusedAndChangeNothing) {
    run_it();
    const auto outcome = agent.reconfigure(R"({"size": 20, "port": 81})");
    EXPECT_EQ(outcome.status, NOA_E_UNSUPPORTED);
    EXPECT_EQ(outcome.text, "they need a new generation");
    EXPECT_EQ(now_.size, 10);
    EXPECT_EQ(taken_, 0);
}

TEST_F(LiveSettings, ThatAreUnusableAreRefusedAsBeforeAStart) {
    run_it();
    EXPECT_EQ(agent.reconfigure(R"({"size": 0})").text, "size: above 0");
    EXPECT_EQ(agent.reconfigure(R"({"siz": 1})").status, NOA_E_INVALID);
    EXPECT_EQ(taken_, 0);
}

TEST_F(LiveSettings, OfAnAgentThatTakesNoneAreRefused) {
    run({});
    EXPECT_EQ(agent.reconfigure("{}").status, NOA_E_UNSUPPORTED);
}

class Plain final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{.id = "plain", .version = "1"};
    void setup(noa::Setup& setup) override {
        setup.live_settings<Limits>([](const Limits&) { return true; }, [](const Limits&) {});
    }
};

TEST(Offers, AreMadeOnlyByThoseWhoUseThem) {
    for (const char* id : {NOA_RECONFIGURE_ID, NOA_LISTENER_ID}) {
        EXPECT_NE(sdk::plugin_table<TestAgent>.extension(id), nullptr) << id;
        EXPECT_EQ(sdk::plugin_table<Plain>.extension(id), nullptr) << id;
    }
    Harness agent(&sdk::plugin_table<Plain>);
    EXPECT_EQ(agent.create().text, "live_settings needs PluginInfo::live_settings");
}

} // namespace
} // namespace noa::test
