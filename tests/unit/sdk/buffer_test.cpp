// Bodies that are written in place, messages that are kept, many messages in one call. What is
// left over is a violation: see Scene.
#include "test_agent.hpp"

namespace noa::test {
namespace {

using ::testing::ElementsAre;

class Buffers : public Scene {
protected:
    void operation(std::function<void(TestAgent&, const noa::Request&, noa::Responder)> run_it) {
        run([run_it = std::move(run_it)](TestAgent& self, noa::Setup& setup) {
            setup.operation("go", [&self, run_it](const noa::Request& request, noa::Responder r) {
                run_it(self, request, std::move(r));
            });
        });
    }
    static noa::Buffer filled(TestAgent& self, std::string_view text, std::size_t spare = 0) {
        noa::Buffer buffer = *self.buffer(text.size() + spare);
        text.copy(buffer.data(), text.size());
        buffer.resize(text.size());
        return buffer;
    }
};

TEST_F(Buffers, AreReturnedByAnOperation) {
    run([](TestAgent& self, noa::Setup& setup) {
        setup.operation("plain", [&self] { return filled(self, "whole", 100); });
        setup.operation("result", [&self](const noa::Request& request) -> noa::Result<noa::Buffer> {
            if (request.body().empty()) {
                return noa::invalid("empty");
            }
            noa::Buffer buffer = filled(self, request.body());
            buffer.set_content_type("text/plain");
            return buffer;
        });
    });
    EXPECT_EQ(agent.call("plain").body, "whole");
    const auto answer = agent.call("result", "text");
    EXPECT_EQ(answer.body, "text");
    EXPECT_EQ(answer.content_type, "text/plain");
    EXPECT_EQ(agent.call("result").text, "empty");
}

TEST_F(Buffers, AreEmptyOnceTaken) {
    operation([](TestAgent& self, const noa::Request&, noa::Responder r) {
        noa::Buffer buffer = filled(self, "a");
        EXPECT_TRUE(buffer);
        EXPECT_TRUE(self.send("other", "op", std::move(buffer)));
        EXPECT_FALSE(buffer); // NOLINT(bugprone-use-after-move): that is what is tested
        buffer = filled(self, "b");
        EXPECT_TRUE(self.publish("subject", std::move(buffer)));
        EXPECT_FALSE(buffer); // NOLINT(bugprone-use-after-move)
        buffer = filled(self, "c");
        self.request("other", "ask", std::move(buffer)).then([](const noa::Reply&) {});
        EXPECT_FALSE(buffer); // NOLINT(bugprone-use-after-move)
        buffer = filled(self, "d");
        EXPECT_TRUE(r.reply(std::move(buffer)));
        EXPECT_FALSE(buffer); // NOLINT(bugprone-use-after-move)
    });
    EXPECT_EQ(agent.call("go").body, "d");
    EXPECT_EQ(agent.sent().at(0).body, "a");
    EXPECT_EQ(agent.published().at(0).body, "b");
    EXPECT_EQ(agent.open_requests().at(0).body, "c");
}

TEST_F(Buffers, ThatAreRefusedAreStillTheAgents) {
    operation([this](TestAgent& self, const noa::Request&, noa::Responder r) {
        noa::Buffer buffer = filled(self, "again");
        agent.refuse_next(NOA_E_BUSY);
        EXPECT_FALSE(self.send("other", "op", std::move(buffer)));
        ASSERT_TRUE(buffer); // NOLINT(bugprone-use-after-move)
        agent.refuse_next(NOA_E_BUSY);
        EXPECT_FALSE(self.publish("subject", std::move(buffer)));
        agent.refuse_next(NOA_E_BUSY);
        self.request("other", "ask", std::move(buffer)).then([](const noa::Reply& reply) {
            EXPECT_EQ(reply.status(), NOA_E_BUSY);
        });
        EXPECT_EQ(buffer.view(), "again");
        EXPECT_TRUE(r.reply(std::move(buffer)));
    });
    EXPECT_EQ(agent.call("go").body, "again");
}

TEST_F(Buffers, ThatNobodyTookGoBack) {
    noa::Buffer outlives;
    operation([&](TestAgent& self, const noa::Request&, noa::Responder r) {
        noa::Buffer unused = filled(self, "x");
        noa::Buffer moved = std::move(unused);
        moved = filled(self, "y"); // frees the first
        EXPECT_EQ(agent.host().buffers.size(), 1U);
        EXPECT_TRUE(r.reply("done"));
        noa::Buffer late = filled(self, "late");
        EXPECT_FALSE(r.reply(std::move(late))) << "answered before";
        EXPECT_EQ(self.buffer(NOA_BODY_MAX + 1).error().status, NOA_E_TOO_LARGE);
        outlives = filled(self, "z");
    });
    EXPECT_EQ(agent.call("go").body, "done");
    EXPECT_EQ(agent.host().buffers.size(), 1U);
    outlives = {};
    EXPECT_EQ(agent.host().buffers.size(), 0U);
}

TEST_F(Buffers, LeftOverAreFound) {
    noa_buffer raw{};
    operation([&](TestAgent& self, const noa::Request&, noa::Responder r) {
        raw.struct_size = sizeof raw;
        self.host().table().msg_alloc(self.host().context(), 10, &raw);
        r.reply();
    });
    agent.call("go");
    agent.destroy();
    EXPECT_THAT(agent.violations(), ElementsAre("1 buffers were neither sent nor freed"));
    agent.host().violations.clear();
}

using Kept = Buffers;

TEST_F(Kept, MessagesOutliveTheirCall) {
    std::vector<noa::KeptMessage> kept;
    operation([&](TestAgent& self, const noa::Request& request, noa::Responder r) {
        kept.push_back(*self.keep(request));
        r.reply();
    });
    agent.call("go", "one", {.from = "ada"});
    agent.call("go", "two");
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0]->body(), "one");
    EXPECT_EQ(kept[0]->from(), "ada");
    EXPECT_EQ((*kept[1]).body(), "two");
    kept.erase(kept.begin());
    EXPECT_EQ(kept[0]->body(), "two");
    EXPECT_EQ(agent.host().kept.size(), 1U);
    kept.clear();
    EXPECT_EQ(agent.host().kept.size(), 0U);
}

TEST_F(Kept, RepliesOutliveTheirCallIfThereIsOne) {
    noa::KeptMessage kept;
    operation([&](TestAgent& self, const noa::Request&, noa::Responder) {
        self.request("other", "op").then([&](const noa::Reply& reply) {
            if (auto made = self.keep(reply)) {
                kept = std::move(*made);
            } else {
                EXPECT_EQ(made.error().status, NOA_E_NOT_FOUND);
            }
        });
    });
    agent.call("go");
    agent.answer_request(agent.open_requests().at(0).tag, {NOA_OK, "answer", ""});
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->body(), "answer");
    agent.call("go");
    agent.advance(std::chrono::minutes(1)); // expires without a message
    kept.reset();
}

TEST_F(Kept, OnlyAsTheHostLentThem) {
    operation([](TestAgent& self, const noa::Request& request, noa::Responder r) {
        const noa_message copy = request.raw();
        EXPECT_EQ(self.keep(noa::Request(copy)).error().status, NOA_E_STATE);
        r.reply();
    });
    EXPECT_TRUE(agent.call("go").ok());
}

using Many = Buffers;

TEST_F(Many, AreSentInOrder) {
    operation([](TestAgent& self, const noa::Request&, noa::Responder r) {
        std::vector<std::string> numbers;
        for (int number = 0; number < 150; ++number) { // more than go in one call
            numbers.push_back(std::to_string(number));
        }
        noa::Buffer large = filled(self, "in place");
        std::vector<noa::Outgoing> all;
        for (const std::string& number : numbers) {
            all.push_back({"other", "op", number, {.priority = noa::Priority::low}});
        }
        all.push_back({"another", "op", std::move(large)});
        const noa::SentMany sent = self.send_many(all);
        EXPECT_TRUE(sent.outcome);
        EXPECT_EQ(sent.accepted, 151U);
        EXPECT_FALSE(large); // NOLINT(bugprone-use-after-move)
        EXPECT_EQ(self.send_many({}).accepted, 0U);
        r.reply();
    });
    agent.call("go");
    ASSERT_EQ(agent.sent().size(), 151U);
    for (std::size_t number = 0; number < 150; ++number) {
        EXPECT_EQ(agent.sent()[number].body, std::to_string(number));
    }
    EXPECT_EQ(agent.sent()[0].priority, NOA_PRIORITY_LOW);
    EXPECT_EQ(agent.sent()[150].to, "another");
    EXPECT_EQ(agent.sent()[150].body, "in place");
}

TEST_F(Many, EndAtTheFirstRefusal) {
    operation([this](TestAgent& self, const noa::Request&, noa::Responder r) {
        std::vector<noa::Buffer> buffers;
        std::vector<noa::Outgoing> all;
        for (int number = 0; number < 80; ++number) {
            buffers.push_back(filled(self, std::to_string(number)));
        }
        for (noa::Buffer& buffer : buffers) {
            all.push_back({"other", "op", std::move(buffer)});
        }
        agent.refuse_next(NOA_E_BUSY, 70);
        const noa::SentMany sent = self.send_many(all);
        EXPECT_EQ(sent.accepted, 70U);
        EXPECT_EQ(sent.outcome.error().status, NOA_E_BUSY);
        EXPECT_EQ(sent.outcome.error().text, "op was not accepted: busy, 10000 messages wait");
        EXPECT_FALSE(buffers[69]);
        EXPECT_EQ(buffers[70].view(), "70") << "still the agent's";
        r.reply();
    });
    agent.call("go");
    EXPECT_EQ(agent.sent().size(), 70U);
}

} // namespace
} // namespace noa::test
