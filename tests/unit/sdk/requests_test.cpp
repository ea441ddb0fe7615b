#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;

class Requests : public Scene {
protected:
    // "relay" asks other.op and passes on what that answers.
    void relay() {
        run([](TestAgent& self, noa::Setup& setup) {
            setup.operation("relay", [&self](const noa::Request& request, noa::Responder r) {
                self.request("other", "op", request.body())
                    .timeout(2s)
                    .then([r = std::move(r)](const noa::Reply& reply) mutable { r.reply(reply); });
            });
        });
    }
};

TEST_F(Requests, PassOnTheReply) {
    relay();
    agent.on_request("other", "op", [](const testing::Sent& sent) {
        return testing::Scripted{NOA_OK, "<" + sent.body + ">", "text/plain"};
    });
    const auto answer = agent.call("relay", "x");
    EXPECT_EQ(answer.body, "<x>");
    EXPECT_EQ(answer.content_type, "text/plain");
}

TEST_F(Requests, PassOnTheError) {
    relay();
    agent.on_request("other", "op", [](const testing::Sent&) {
        return testing::Scripted{NOA_E_NOT_FOUND, "no such thing", ""};
    });
    const auto answer = agent.call("relay", "x");
    EXPECT_EQ(answer.status, NOA_E_NOT_FOUND);
    EXPECT_EQ(answer.text, "no such thing");
}

TEST_F(Requests, EndAtTheirDeadline) {
    relay();
    EXPECT_FALSE(agent.call("relay").settled);
    agent.advance(1s);
    EXPECT_FALSE(agent.answer(agent.last_delivery()).settled);
    agent.advance(1s);
    EXPECT_EQ(agent.answer(agent.last_delivery()).status, NOA_E_EXPIRED);
}

TEST_F(Requests, RefusedByTheHostEndAtOnce) {
    relay();
    agent.refuse_next(NOA_E_BUSY);
    const auto answer = agent.call("relay");
    EXPECT_EQ(answer.status, NOA_E_BUSY);
    EXPECT_EQ(answer.text, "op was not accepted: busy, 10000 messages wait");
}

TEST_F(Requests, OpenAtTheEndAreLeftToTheNextGeneration) {
    relay();
    agent.call("relay");
    ASSERT_TRUE(agent.quiesce());
    EXPECT_EQ(agent.taken_back(), 1U);
    agent.destroy(); // the continuation and its responder go, without a word
    EXPECT_FALSE(agent.answer(agent.last_delivery()).settled);
}

TEST_F(Requests, AreCountedNoMoreOnceAnswered) {
    relay();
    agent.call("relay");
    const auto tag = agent.open_requests().at(0).tag;
    agent.answer_request(tag, {NOA_OK, "1", ""});
    agent.answer_request(tag, {NOA_OK, "2", ""}); // a host would not; nothing happens
    EXPECT_EQ(agent.answer(agent.last_delivery()).body, "1");
}

TEST_F(Requests, CarryPriorityAndDeadline) {
    run([](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&self] {
            self.request("other", "op")
                .priority(noa::Priority::high)
                .timeout(3s)
                .then([](const noa::Reply&) {});
        });
    });
    agent.call("go");
    EXPECT_EQ(agent.open_requests().at(0).priority, NOA_PRIORITY_HIGH);
    EXPECT_EQ(agent.open_requests().at(0).deadline_ns, agent.now_ns() + 3'000'000'000);
}

TEST_F(Requests, ToAResolvedPeerSkipTheName) {
    run([](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&self]() -> noa::Status {
            const auto peer = self.host().resolve("other");
            return peer ? self.send(*peer, "note", "hi") : peer.error();
        });
    });
    EXPECT_TRUE(agent.call("go").ok());
    ASSERT_EQ(agent.sent().size(), 1U);
    EXPECT_EQ(agent.sent()[0].to, "other");
    EXPECT_EQ(agent.sent()[0].body, "hi");
}

TEST_F(Requests, ThatThrowInTheirContinuationAreLogged) {
    run([](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&self] {
            self.request("other", "op").then([](const noa::Reply&) { throw 1; });
        });
    });
    agent.on_request("other", "op", [](const testing::Sent&) { return testing::Scripted{}; });
    agent.call("go");
    ASSERT_EQ(agent.logs().size(), 1U);
    EXPECT_EQ(agent.logs()[0].event, "reply");
    EXPECT_EQ(agent.logs()[0].level, NOA_LOG_ERROR);
}

} // namespace
} // namespace noa::test
