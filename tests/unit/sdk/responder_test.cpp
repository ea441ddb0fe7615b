#include <optional>
#include <stdexcept>
#include <thread>

#include "test_agent.hpp"

namespace noa::test {
namespace {

class Responders : public Scene {
public:
    void hold() {
        run([this](TestAgent&, noa::Setup& setup) {
            setup.operation("hold", [this](const noa::Request&, noa::Responder responder) {
                held.emplace(std::move(responder));
            });
        });
    }
    ~Responders() override { held.reset(); }

    std::optional<noa::Responder> held;
};

TEST_F(Responders, AnswerLater) {
    hold();
    EXPECT_FALSE(agent.call("hold").settled);
    EXPECT_TRUE(held->reply("done"));
    EXPECT_EQ(agent.answer(agent.last_delivery()).body, "done");
    EXPECT_FALSE(*held);
}

TEST_F(Responders, AnswerOnce) {
    hold();
    agent.call("hold");
    EXPECT_TRUE(held->reply("first"));
    EXPECT_FALSE(held->reply("second"));
    EXPECT_FALSE(held->fail(noa::failed("third")));
    EXPECT_EQ(agent.answer(agent.last_delivery()).body, "first");
}

TEST_F(Responders, AnswerFromAnotherThread) {
    hold();
    agent.call("hold");
    std::thread([this] { held->fail(noa::failed("elsewhere")); }).join();
    const auto answer = agent.answer(agent.last_delivery());
    EXPECT_EQ(answer.status, NOA_E_FAILED);
    EXPECT_EQ(answer.text, "elsewhere");
}

TEST_F(Responders, DroppedLaterTellTheAsker) {
    hold();
    agent.call("hold");
    held.reset();
    EXPECT_EQ(agent.answer(agent.last_delivery()).status, NOA_E_INTERNAL);
}

TEST_F(Responders, DroppedInTheHandlerTellTheAsker) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("drop", [](const noa::Request&, noa::Responder) {});
        setup.operation("throw", [](const noa::Request&, noa::Responder) {
            throw std::runtime_error("first this broke");
        });
    });
    EXPECT_EQ(agent.call("drop").status, NOA_E_INTERNAL);
    EXPECT_EQ(agent.call("drop").text, "the agent dropped the request without an answer");
    EXPECT_EQ(agent.call("throw").text, "first this broke");
}

TEST_F(Responders, AnsweredInTheHandlerSettleAtOnce) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("now", [](const noa::Request& request, noa::Responder responder) {
            responder.reply(request.body());
        });
    });
    EXPECT_EQ(agent.call("now", "x").body, "x");
}

TEST_F(Responders, DroppedWhileStoppingLeaveTheRequestToTheNextGeneration) {
    hold();
    agent.call("hold");
    plan.quiesce = [this](TestAgent&) {
        held.reset();
        return noa::Status();
    };
    ASSERT_TRUE(agent.quiesce());
    EXPECT_FALSE(agent.answer(agent.last_delivery()).settled);
    EXPECT_EQ(agent.taken_back(), 1U);
}

TEST_F(Responders, ThatComeTooLateAreToldSo) {
    hold();
    agent.call("hold");
    ASSERT_TRUE(agent.quiesce());
    EXPECT_FALSE(held->reply("too late"));
}

TEST_F(Responders, TakeResults) {
    hold();
    agent.call("hold");
    EXPECT_TRUE(held->reply(noa::Result<std::string>(noa::not_found("gone"))));
    EXPECT_EQ(agent.answer(agent.last_delivery()).status, NOA_E_NOT_FOUND);
    agent.call("hold");
    EXPECT_TRUE(held->reply(noa::Status()));
    EXPECT_TRUE(agent.answer(agent.last_delivery()).ok());
}

} // namespace
} // namespace noa::test
