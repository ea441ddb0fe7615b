#include <stdexcept>

#include "test_agent.hpp"

namespace noa::test {
namespace {

using Operations = Scene;

TEST_F(Operations, AnswerWithBytes) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("echo", [](const noa::Request& request) { return request.body(); });
    });
    const auto answer = agent.call("echo", std::string_view("a\0b", 3));
    EXPECT_TRUE(answer.ok());
    EXPECT_EQ(answer.body, std::string("a\0b", 3));
}

TEST_F(Operations, AnswerWithAStringAResultOrNothing) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("text", [](const noa::Request&) { return std::string("text"); });
        setup.operation("result", [](const noa::Request& request) -> noa::Result<std::string> {
            if (request.body().empty()) {
                return noa::invalid("no body");
            }
            return std::string(request.body());
        });
        setup.operation("nothing", [](const noa::Request&) {});
        setup.operation("status", [] { return noa::Status(noa::denied("not you")); });
        setup.operation("typed",
                        [](const noa::Request&) { return noa::Body("{}", "application/json"); });
    });
    EXPECT_EQ(agent.call("text").body, "text");
    EXPECT_EQ(agent.call("result", "x").body, "x");
    EXPECT_EQ(agent.call("result").status, NOA_E_INVALID);
    EXPECT_EQ(agent.call("result").text, "no body");
    EXPECT_TRUE(agent.call("nothing").ok());
    EXPECT_EQ(agent.call("status").status, NOA_E_DENIED);
    EXPECT_EQ(agent.call("typed").content_type, "application/json");
}

TEST_F(Operations, ThatAreUnknownAreUnsupported) {
    run([](TestAgent&, noa::Setup& setup) { setup.operation("known", [] {}); });
    const auto answer = agent.call("unknown");
    EXPECT_EQ(answer.status, NOA_E_UNSUPPORTED);
    EXPECT_EQ(answer.text, "no operation unknown");
}

TEST_F(Operations, AreFoundAmongMany) {
    run([](TestAgent&, noa::Setup& setup) {
        for (int number = 0; number < 300; ++number) {
            setup.operation("op" + std::to_string(number),
                            [number] { return std::to_string(number); });
        }
    });
    for (int number = 0; number < 300; ++number) {
        EXPECT_EQ(agent.call("op" + std::to_string(number)).body, std::to_string(number));
    }
    EXPECT_EQ(agent.call("op300").status, NOA_E_UNSUPPORTED);
}

TEST_F(Operations, OfOneNameTwiceAreRefusedAtCreate) {
    plan.setup = [](TestAgent&, noa::Setup& setup) {
        setup.operation("same", [] {});
        setup.operation("same", [] {});
    };
    const auto outcome = agent.create();
    EXPECT_EQ(outcome.status, NOA_E_INVALID);
    EXPECT_EQ(outcome.text, "operation same is registered twice");
}

TEST_F(Operations, ThatThrowAreAnsweredWithWords) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("exception", []() -> std::string { throw std::runtime_error("broken"); });
        setup.operation("number", []() -> std::string { throw 42; });
    });
    EXPECT_EQ(agent.call("exception").status, NOA_E_INTERNAL);
    EXPECT_EQ(agent.call("exception").text, "broken");
    EXPECT_EQ(agent.call("number").status, NOA_E_INTERNAL);
    EXPECT_EQ(agent.call("number").text, "an unknown exception");
}

TEST_F(Operations, AskForRedeliveryAfterAWhile) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("later", [] {
            return noa::Status(noa::retry(std::chrono::milliseconds(250), "not yet"));
        });
        setup.operation("again", [] { return noa::Status(noa::Error{NOA_E_RETRY, "", {}}); });
    });
    const auto later = agent.call("later");
    EXPECT_EQ(later.status, NOA_E_RETRY);
    EXPECT_EQ(later.retry_after_ms, 250U);
    EXPECT_EQ(agent.call("again").status, NOA_E_RETRY);
}

TEST_F(Operations, NobodyWaitsForAreNotAnswered) {
    int calls = 0;
    run([&](TestAgent&, noa::Setup& setup) {
        setup.operation("note", [&](const noa::Request& request) {
            ++calls;
            EXPECT_FALSE(request.wants_reply());
            return std::string(1000, 'x');
        });
    });
    const auto answer = agent.call("note", {}, {.no_reply = true});
    EXPECT_TRUE(answer.ok());
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(calls, 1);
}

TEST_F(Operations, SeeWhoAskedAndWhetherItIsARedelivery) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("who", [](const noa::Request& request) {
            return std::string(request.from()) + (request.redelivered() ? " again" : "");
        });
    });
    EXPECT_EQ(agent.call("who", {}, {.from = "cache"}).body, "cache");
    EXPECT_EQ(agent.call("who", {}, {.attempt = 2}).body, "test again");
}

TEST_F(Operations, WithAReplyTooLargeAreToldSo) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("huge", [] { return std::string(NOA_BODY_MAX + 1, 'x'); });
    });
    EXPECT_EQ(agent.call("huge").status, NOA_E_TOO_LARGE);
}

} // namespace
} // namespace noa::test
