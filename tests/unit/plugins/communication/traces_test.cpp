// Messages that lead to one another, and the traces that they belong to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using nlohmann::json;
using noa::testing::Harness;
using ::testing::EndsWith;

class CommunicationTraces : public ::testing::Test {
protected:
    CommunicationTraces() {
        const json settings{{"max_hops", 3}, {"content", {{"schema", "off"}}}};
        EXPECT_TRUE(agent_.run(settings.dump()));
    }
    ~CommunicationTraces() override { EXPECT_THAT(agent_.violations(), ::testing::IsEmpty()); }

    // Sent in this trace: how it ended.
    noa_status send(const std::string& trace) {
        agent_.call("send", R"({"to": "worker", "operation": "do"})", {.traceparent = trace});
        const auto delivery = agent_.last_delivery();
        EXPECT_TRUE(agent_.run_until([&] { return agent_.answer(delivery).settled; }));
        return agent_.answer(delivery).status;
    }
    // The traceparent that the recipient gets, which takes it.
    std::string delivered() {
        EXPECT_TRUE(agent_.run_until([&] { return !agent_.open_requests().empty(); }));
        if (agent_.open_requests().empty()) {
            return {};
        }
        auto trace = agent_.open_requests()[0].traceparent;
        agent_.answer_request(agent_.open_requests()[0].tag, {NOA_OK, {}, {}});
        return trace;
    }

    Harness agent_{noa_plugin_entry_v1()};
};

TEST_F(CommunicationTraces, EndALoopOfAgents) {
    std::string trace;
    for (int hop = 0; hop < 3; ++hop) {
        ASSERT_EQ(send(trace), NOA_OK);
        trace = delivered(); // the recipient sends in consequence
    }
    EXPECT_EQ(send(trace), NOA_E_LOOP);
    EXPECT_EQ(send("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), NOA_OK);
}

// Whoever handles a recorded message sends with a span of its own, which counts nothing.
TEST_F(CommunicationTraces, EndALoopThatIsRecorded) {
    const std::string recorded = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    std::string trace = recorded;
    unsigned deliveries = 0;
    for (; deliveries < 1000 && send(trace) == NOA_OK; ++deliveries) {
        trace = delivered();
        EXPECT_EQ(trace.substr(0, 35), recorded.substr(0, 35));
        EXPECT_NE(trace, recorded) << "the delivery is a span of its own";
        trace = trace.ends_with("-01") ? recorded : trace;
    }
    EXPECT_EQ(send(trace), NOA_E_LOOP);
    EXPECT_EQ(deliveries, 128U + 3U);
}

TEST_F(CommunicationTraces, RecordNothingThatWasNotRecorded) {
    for (const std::string trace :
         {"", "junk", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}) {
        ASSERT_EQ(send(trace), NOA_OK);
        EXPECT_THAT(delivered(), EndsWith("-00")) << trace;
    }
}

} // namespace
