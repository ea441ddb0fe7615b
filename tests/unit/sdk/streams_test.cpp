// Publishing to a stream: told once it is kept, tried again where that is safe.
#include "noa/sdk/streams.hpp"

#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;

class StreamWriterTest : public Scene {
protected:
    void begin() {
        run([this](TestAgent&, noa::Setup& setup) {
            setup.use(writer);
            setup.operation("tell", [this](const noa::Request& request) {
                writer.publish({{"n", 1}}, request.body(),
                               [this](const noa::Result<noa::StreamPosition>& at) {
                                   positions.push_back(at ? at->position : at.error().status);
                               });
                return noa::Status();
            });
        });
        agent.on_request("communication", "stream.append", [this](const noa::testing::Sent& sent) {
            asked.push_back(noa::Json::parse(sent.body));
            return answer;
        });
    }

    noa::StreamWriter writer{"orders"};
    noa::testing::Scripted answer{NOA_OK, R"({"position": 7, "duplicates": 0})", ""};
    std::vector<noa::Json> asked;
    std::vector<std::int64_t> positions;
};

TEST_F(StreamWriterTest, IsToldWhereTheEntryIs) {
    begin();
    agent.call("tell", "order-7");
    ASSERT_EQ(positions, std::vector<std::int64_t>{7});
    EXPECT_EQ(asked[0], (noa::Json{{"stream", "orders"}, {"id", "order-7"}, {"body", {{"n", 1}}}}));
}

TEST_F(StreamWriterTest, TriesAgainOnlyWithAnId) {
    answer = {NOA_E_BUSY, "later", ""};
    begin();
    agent.call("tell", "");
    EXPECT_EQ(positions, std::vector<std::int64_t>{NOA_E_BUSY});
    EXPECT_FALSE(asked[0].contains("id"));
    agent.call("tell", "order-8");
    EXPECT_EQ(positions.size(), 1U);
    answer = {NOA_OK, R"({"position": 8})", ""};
    agent.advance(10s);
    EXPECT_EQ(positions.back(), 8);
    EXPECT_GE(asked.size(), 3U);
}

} // namespace
} // namespace noa::test
