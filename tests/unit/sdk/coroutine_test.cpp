// Frames that are left over, or used after their end, show under AddressSanitizer.
#include "noa/sdk/coroutine.hpp"

#include <stdexcept>

#include "noa/sdk/json.hpp"
#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct Item {
    std::string name;
    static constexpr auto fields() { return noa::fields(noa::field("name", &Item::name)); }
};
struct Price {
    std::int64_t each = 0;
    static constexpr auto fields() { return noa::fields(noa::field("each", &Price::each)); }
};

// Counts what lives in frames.
struct Counted {
    explicit Counted(int& living) : count(&living) { ++*count; }
    Counted(const Counted& other) : count(other.count) { ++*count; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --*count; }
    int* count;
};

class CoroutinesTest : public Scene {
protected:
    ~CoroutinesTest() override {
        agent.destroy();
        EXPECT_EQ(coroutines.running(), 0U);
        EXPECT_EQ(living, 0);
    }
    template <class F>
    void operation(F coroutine) {
        run([this, coroutine](TestAgent& agent_self, noa::Setup& setup) {
            self = &agent_self;
            setup.use(coroutines);
            setup.operation("go", coroutines.operation(coroutine));
        });
    }
    testing::Answer last() { return agent.answer(agent.last_delivery()); }

    // A coroutine that others await.
    noa::Async<Price> price_of(std::string name) {
        const Counted alive(living);
        auto price = co_await noa::Ask<Price>(self->request("prices", "of", name).timeout(5s));
        if (!price) {
            co_return price.error();
        }
        if (price->each == 0) {
            throw std::runtime_error("free");
        }
        co_return *price;
    }

    noa::Coroutines coroutines;
    TestAgent* self = nullptr;
    int living = 0;
};

TEST_F(CoroutinesTest, AnswerWhatOthersAnswered) {
    operation([this](Item item) -> noa::Async<Price> {
        const Counted alive(living);
        auto one = co_await price_of(item.name);
        if (!one) {
            co_return one.error();
        }
        auto other = co_await price_of(item.name + "s");
        co_return Price{one->each + (other ? other->each : 0)};
    });
    EXPECT_FALSE(agent.call("go", R"({"name": "nut"})").settled);
    EXPECT_EQ(agent.open_requests().at(0).body, "nut");
    EXPECT_EQ(living, 2);
    agent.answer_request(agent.open_requests()[0].tag, {NOA_OK, R"({"each": 3})", ""});
    EXPECT_EQ(agent.open_requests().at(0).body, "nuts");
    agent.answer_request(agent.open_requests()[0].tag, {NOA_OK, R"({"each": 4})", ""});
    EXPECT_EQ(last().body, R"({"each":7})");
    EXPECT_EQ(living, 0);
    EXPECT_EQ(agent.call("go", "{}").text, "/name: is missing");
}

TEST_F(CoroutinesTest, MayEndBeforeTheyWait) {
    operation([]() -> noa::Async<std::string> { co_return "at once"; });
    EXPECT_EQ(agent.call("go").body, "at once");
    EXPECT_EQ(coroutines.running(), 0U);
}

TEST_F(CoroutinesTest, AreResumedAtOnceWhenTheHostRefuses) {
    operation([this]() -> noa::Async<std::string> {
        for (int turn = 0; turn < 1000; ++turn) { // the stack does not grow with it
            agent.refuse_next(NOA_E_BUSY);
            if (co_await noa::Ask(self->request("other", "op"))) {
                co_return noa::failed("it was accepted");
            }
        }
        co_return "refused";
    });
    EXPECT_EQ(agent.call("go").body, "refused");
}

TEST_F(CoroutinesTest, PassErrorsAndExceptionsOn) {
    operation([this](Item item) -> noa::Async<Price> { co_return co_await price_of(item.name); });
    agent.on_request("prices", "of", [](const testing::Sent& sent) {
        return sent.body == "none" ? testing::Scripted{NOA_E_NOT_FOUND, "no such item", ""}
                                   : testing::Scripted{NOA_OK, R"({"each": 0})", ""};
    });
    auto answer = agent.call("go", R"({"name": "none"})");
    EXPECT_EQ(answer.status, NOA_E_NOT_FOUND);
    EXPECT_EQ(answer.text, "no such item");
    answer = agent.call("go", R"({"name": "air"})");
    EXPECT_EQ(answer.status, NOA_E_INTERNAL);
    EXPECT_EQ(answer.text, "free");
}

TEST_F(CoroutinesTest, Pause) {
    std::vector<std::int64_t> at;
    operation([this, &at]() -> noa::Async<void> {
        for (int turn = 0; turn < 3; ++turn) {
            EXPECT_TRUE(co_await noa::Pause(2s));
            at.push_back(agent.now_ns());
        }
        co_return noa::ok();
    });
    const std::int64_t begin = agent.now_ns();
    agent.call("go");
    agent.advance(10s);
    EXPECT_TRUE(last().ok());
    EXPECT_THAT(at,
                ElementsAre(begin + 2'000'000'000, begin + 4'000'000'000, begin + 6'000'000'000));
}

TEST_F(CoroutinesTest, WithRetriesAndATimeoutWaitForTheEndOfIt) {
    operation([this]() -> noa::Async<std::string> {
        co_return co_await noa::Ask(self->request("other", "op").timeout(1s).retry({}));
    });
    agent.call("go");
    agent.advance(1s);
    EXPECT_EQ(last().status, NOA_E_EXPIRED);
}

TEST_F(CoroutinesTest, ThatWaitAreDestroyedWithTheirGenerationAndLeaveTheirRequests) {
    operation([this](Item item) -> noa::Async<Price> { co_return co_await price_of(item.name); });
    agent.call("go", R"({"name": "nut"})");
    agent.call("go", R"({"name": "bolt"})");
    EXPECT_EQ(coroutines.running(), 2U);
    ASSERT_TRUE(agent.quiesce());
    EXPECT_EQ(coroutines.running(), 0U);
    EXPECT_EQ(living, 0);
    EXPECT_EQ(agent.taken_back(), 2U);
    EXPECT_FALSE(last().settled);
}

TEST_F(CoroutinesTest, ThatAreGoneAreNotResumedAfterAQuiesceThatIsUndone) {
    operation([this](Item item) -> noa::Async<Price> { co_return co_await price_of(item.name); });
    agent.call("go", R"({"name": "nut"})");
    const auto tag = agent.open_requests().at(0).tag;
    ASSERT_TRUE(agent.quiesce());
    ASSERT_TRUE(agent.start());
    agent.answer_request(tag, {NOA_OK, R"({"each": 3})", ""}); // comes, and finds nobody
    EXPECT_FALSE(last().settled);
    agent.on_request("prices", "of", [](const testing::Sent&) {
        return testing::Scripted{NOA_OK, R"({"each": 5})", ""};
    });
    EXPECT_EQ(agent.call("go", R"({"name": "nut"})").body, R"({"each":5})");
}

TEST_F(CoroutinesTest, StartedByHandSayHowTheyEnd) {
    std::vector<std::string> ends;
    run([this](TestAgent& agent_self, noa::Setup& setup) {
        self = &agent_self;
        setup.use(coroutines);
    });
    coroutines.start(price_of("nut"), [&](noa::Result<Price> price) {
        ends.push_back(price ? "price" : price.error().text);
        throw 1;
    });
    agent.advance(5s);
    EXPECT_THAT(ends, ElementsAre("expired"));
    EXPECT_EQ(agent.logs().at(0).event, "coroutine.done");
    EXPECT_EQ(coroutines.running(), 0U);
}

TEST_F(CoroutinesTest, NeverStartedLeaveNothing) {
    run([this](TestAgent& agent_self, noa::Setup& setup) {
        self = &agent_self;
        setup.use(coroutines);
    });
    { const auto unused = price_of("nut"); }
    EXPECT_EQ(agent.open_requests().size(), 0U);
}

} // namespace
} // namespace noa::test
