// A watcher of documents: every change once, in order, whatever becomes of either side.
#include "noa/sdk/watch.hpp"

#include "test_agent.hpp"

namespace noa::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// The config agent, as far as a watcher sees it.
struct Store {
    std::int64_t revision = 0;
    std::int64_t compacted = 0;
    std::size_t at_once = 256;
    noa_status refusal = NOA_OK;
    unsigned asked = 0;

    noa::testing::Scripted changes(const noa::testing::Sent& sent) {
        ++asked;
        const auto since = noa::Json::parse(sent.body)["since"].get<std::int64_t>();
        if (refusal != NOA_OK) {
            return {refusal, "not now", ""};
        }
        if (since < compacted || since > revision) {
            return {since < compacted ? NOA_E_RETIRED : NOA_E_INVALID, "read again", ""};
        }
        noa::Json events = noa::Json::array();
        for (auto at = since + 1; at <= revision && events.size() < at_once; ++at) {
            events.push_back({{"revision", at}, {"name", "app"}, {"version", at}});
        }
        const auto last = since + static_cast<std::int64_t>(events.size());
        return {NOA_OK,
                noa::Json{{"events", events}, {"revision", last}, {"more", last < revision}}.dump(),
                "application/json"};
    }
};

struct Follower {
    std::vector<std::int64_t> seen;
    unsigned anew = 0;
    bool refuses = false;
    noa::DocumentWatch watch{{"app"},
                             [this](const noa::DocumentChange& change) {
                                 if (refuses) {
                                     return noa::Status(noa::failed("on purpose"));
                                 }
                                 seen.push_back(change.revision);
                                 return noa::Status();
                             },
                             [this] { ++anew; }};
};

class Watch : public Scene {
protected:
    Watch() {
        plan.setup = [this](TestAgent&, noa::Setup& setup) { setup.use(follower->watch); };
        plan.start = [this](TestAgent&) { return follower->watch.begin(); };
        plan.save = [this](noa::StateWriter& state) {
            state.signed_number(follower->watch.revision());
            return noa::Status();
        };
        plan.restore = [this](noa::StateReader& state) {
            follower->watch.go_on_from(state.signed_number());
            return noa::Status();
        };
        serve(agent);
    }
    ~Watch() override { agent.destroy(); }

    void serve(Harness& harness) {
        harness.on_request("config", "changes",
                           [this](const noa::testing::Sent& sent) { return store.changes(sent); });
        harness.on_request("config", "list", [this](const noa::testing::Sent&) {
            return noa::testing::Scripted{
                NOA_OK, noa::Json{{"documents", {}}, {"revision", store.revision}}.dump(), ""};
        });
    }
    void change(Harness& harness, std::int64_t times = 1) {
        store.revision += times;
        EXPECT_EQ(harness.event("config.changed.app", "{}", "config").status, NOA_OK);
        harness.run_until_idle();
    }

    Store store;
    std::unique_ptr<Follower> follower = std::make_unique<Follower>();
};

TEST_F(Watch, BeginsWithWhatThereIsAndGoesOnInOrder) {
    store.revision = 3;
    follower->watch.go_on_from(0);
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    change(agent);
    EXPECT_THAT(follower->seen, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(follower->anew, 0U);
    EXPECT_TRUE(agent.subscribed("config.changed.app"));
}

TEST_F(Watch, WithoutARevisionReadsAnewAndFollowsFromThere) {
    store.revision = 3;
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    EXPECT_EQ(follower->anew, 1U);
    change(agent);
    EXPECT_THAT(follower->seen, ElementsAre(4));
}

TEST_F(Watch, TakesWhatDoesNotFitIntoOneAnswer) {
    store.revision = 5;
    store.at_once = 2;
    follower->watch.go_on_from(0);
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    EXPECT_THAT(follower->seen, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(Watch, ReadsAnewWhatWasCompacted) {
    follower->watch.go_on_from(2);
    store.revision = 10;
    store.compacted = 7;
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    EXPECT_EQ(follower->anew, 1U);
    EXPECT_EQ(follower->watch.revision(), 10);
    change(agent);
    EXPECT_THAT(follower->seen, ElementsAre(11));
}

TEST_F(Watch, ReadsAnewWhenTheStoreIsBehindWhatItSaw) {
    follower->watch.go_on_from(50);
    store.revision = 10;
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    EXPECT_EQ(follower->anew, 1U);
    EXPECT_EQ(follower->watch.revision(), 10);
}

TEST_F(Watch, AsksAgainAfterAPauseWhileThereIsNobody) {
    store.refusal = NOA_E_NO_AGENT;
    follower->watch.go_on_from(0);
    ASSERT_TRUE(agent.run());
    change(agent, 2);
    EXPECT_THAT(follower->seen, IsEmpty());
    const unsigned asked = store.asked;
    change(agent); // does not shorten the pause
    EXPECT_EQ(store.asked, asked);
    store.refusal = NOA_OK;
    agent.advance(50ms);
    EXPECT_THAT(follower->seen, ElementsAre(1, 2, 3));
}

TEST_F(Watch, WhatWasNotDealtWithComesAgain) {
    store.revision = 2;
    follower->refuses = true;
    follower->watch.go_on_from(0);
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    EXPECT_EQ(follower->watch.revision(), 0);
    follower->refuses = false;
    agent.advance(1s);
    EXPECT_THAT(follower->seen, ElementsAre(1, 2));
}

TEST_F(Watch, AnEventThatWasLostIsMadeUpFor) {
    follower->watch.go_on_from(0);
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    store.revision = 1; // and no event
    agent.advance(31s);
    EXPECT_THAT(follower->seen, ElementsAre(1));
}

TEST_F(Watch, TheNextGenerationGoesOnWhereTheFormerStopped) {
    follower->watch.go_on_from(0);
    store.revision = 2;
    ASSERT_TRUE(agent.run());
    agent.run_until_idle();
    Harness next{&sdk::plugin_table<TestAgent>};
    serve(next);
    auto former = std::exchange(follower, std::make_unique<Follower>());
    // Each is set up with its own; the former is quiesced and saved through `follower`'s place.
    plan.save = [&](noa::StateWriter& state) {
        state.signed_number(former->watch.revision());
        return noa::Status();
    };
    store.revision = 4; // between the two, and no event
    ASSERT_TRUE(next.run_after(agent));
    next.run_until_idle();
    EXPECT_THAT(former->seen, ElementsAre(1, 2));
    EXPECT_THAT(follower->seen, ElementsAre(3, 4));
    EXPECT_EQ(follower->anew, 0U);
    agent.destroy();
    next.destroy();
}

} // namespace
} // namespace noa::test
