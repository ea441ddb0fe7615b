#include "noa/sdk/json.hpp"

#include <map>

#include "test_agent.hpp"

namespace noa::test {
namespace {

struct Set {
    std::string key;
    noa::Json value;
    std::optional<double> ttl_s;
    static constexpr auto fields() {
        return noa::fields(noa::field("key", &Set::key, "its name"),
                           noa::field("value", &Set::value),
                           noa::field("ttl_s", &Set::ttl_s, "seconds"));
    }
};

struct Kept {
    bool kept = false;
    static constexpr auto fields() { return noa::fields(noa::field("kept", &Kept::kept)); }
};

struct Foreign { // by nlohmann's own means
    int number = 0;
};
void to_json(noa::Json& json, const Foreign& foreign) {
    json = {{"number", foreign.number}};
}
void from_json(const noa::Json& json, Foreign& foreign) {
    json.at("number").get_to(foreign.number);
}

class JsonOperations : public Scene {
protected:
    void set_up() {
        run([](TestAgent&, noa::Setup& setup) {
            setup.operation("set", "Keeps", [](const Set& set) { return Kept{!set.key.empty()}; });
            setup.operation("foreign", [](Foreign foreign) {
                ++foreign.number;
                return foreign;
            });
            setup.operation("any", [](const noa::Json& any) { return any; });
            setup.operation("from", [](const Kept&, const noa::Request& request) {
                return noa::Json(std::string(request.from()));
            });
            setup.operation("later", [](const Kept& kept, noa::Responder r) { r.reply(kept); });
            setup.operation("none", [](const Set&) -> noa::Result<Kept> {
                return noa::not_found("no such key");
            });
        });
    }
};

TEST_F(JsonOperations, DecodeAndEncode) {
    set_up();
    const auto answer = agent.call("set", R"({"key": "a", "value": [1, null]})");
    EXPECT_EQ(answer.body, R"({"kept":true})");
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_EQ(agent.call("foreign", R"({"number": 1})").body, R"({"number":2})");
    EXPECT_EQ(agent.call("any", "[1]").body, "[1]");
    EXPECT_EQ(agent.call("from", R"({"kept":true})", {.from = "cache"}).body, "\"cache\"");
    EXPECT_EQ(agent.call("later", R"({"kept":true})").body, R"({"kept":true})");
    EXPECT_EQ(agent.call("none", R"({"key":"a","value":1})").status, NOA_E_NOT_FOUND);
}

TEST_F(JsonOperations, SayWhereABodyIsWrong) {
    set_up();
    const std::map<std::string, std::string> wrong{
        {R"({"key": )", "body: parse error at line 1, column 9"},
        {R"({"value": 1})", "/key: is missing"},
        {R"({"key": 3, "value": 1})", "/key: must be a string, found number"},
        {R"({"key": "a", "value": 1, "ttl_s": "x"})", "/ttl_s: must be a number, found string"},
        {R"({"key": "a", "value": 1, "ttl": 3})", "/ttl: is not known here (key, value, ttl_s)"},
        {R"([1])", "body: must be an object, found array"},
        {"", "/key: is missing"},
        {"\xff", "body: parse error"},
    };
    for (const auto& [body, text] : wrong) {
        const auto answer = agent.call("set", body);
        EXPECT_EQ(answer.status, NOA_E_INVALID) << body;
        EXPECT_TRUE(answer.text.starts_with(text)) << body << ": " << answer.text;
    }
    EXPECT_EQ(agent.call("foreign", "{}").status, NOA_E_INVALID);
}

TEST_F(JsonOperations, RefuseDeepNesting) {
    set_up();
    const std::string deep(1'000'000, '[');
    EXPECT_EQ(agent.call("any", deep).text, "body: nested deeper than 64");
    const std::string quoted = "\"" + std::string(1000, '[') + "\\\"[\"";
    EXPECT_EQ(agent.call("any", quoted).body, quoted);
    EXPECT_TRUE(agent.call("any", std::string(64, '[') + std::string(64, ']')).ok());
}

TEST_F(JsonOperations, RefuseWhatWouldNotBeKept) {
    set_up();
    EXPECT_EQ(agent.call("any", R"({"a": {"k": 1, "b": [], "k": 2}})").text,
              "body: the key \"k\" comes twice");
    EXPECT_EQ(agent.call("any", R"([1, -9223372036854775809])").text,
              "body: the number -9223372036854775809 has more than 64 bits: write it as text");
    for (const char* good :
         {R"([18446744073709551615,-9223372036854775808])", R"({"a":{"k":1},"b":{"k":1}})",
          R"({"a:":":{\"k\":","k":"99999999999999999999"})", R"([0.5,1e+300])"}) {
        EXPECT_EQ(agent.call("any", good).body, good);
    }
}

TEST_F(JsonOperations, DescribeTheirTypes) {
    set_up();
    const auto described = noa::Json::parse(agent.describe())["operations"]["set"];
    EXPECT_EQ(described["request"], noa::Json::parse(R"({"type": "object",
        "properties": {"key": {"type": "string", "description": "its name"}, "value": {},
                       "ttl_s": {"type": "number", "description": "seconds"}},
        "required": ["key", "value"]})"));
    EXPECT_EQ(described["reply"]["properties"]["kept"]["type"], "boolean");
}

TEST_F(JsonOperations, MakeTypedRequests) {
    run([](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&self](const noa::Request&, noa::Responder responder) {
            self.request("cache", "set", noa::json_body(Set{"a", 1, {}}))
                .then([r = std::move(responder)](const noa::Result<Kept>& kept) mutable {
                    r.reply(kept);
                });
        });
    });
    std::string reply = R"({"kept": true, "grown": 1})"; // others' replies may grow
    agent.on_request("cache", "set", [&](const testing::Sent& sent) {
        EXPECT_EQ(sent.body, R"({"key":"a","value":1})");
        EXPECT_EQ(sent.content_type, "application/json");
        return testing::Scripted{NOA_OK, reply, ""};
    });
    EXPECT_EQ(agent.call("go").body, R"({"kept":true})");
    reply = "nonsense";
    EXPECT_EQ(agent.call("go").status, NOA_E_INVALID);
}

TEST_F(JsonOperations, TakeTypedEvents) {
    std::vector<bool> seen;
    run([&](TestAgent&, noa::Setup& setup) {
        setup.subscribe("kept", [&](const Kept& kept) { seen.push_back(kept.kept); });
    });
    EXPECT_TRUE(agent.event("kept", R"({"kept":true})").ok());
    EXPECT_EQ(agent.event("kept", "{").status, NOA_E_INVALID);
    EXPECT_THAT(seen, ::testing::ElementsAre(true));
}

TEST_F(JsonOperations, ReadSettingsInTwoSteps) {
    std::vector<std::string> taken;
    plan.setup = [&](TestAgent&, noa::Setup& setup) {
        setup.settings<Set>(
            [](const Set& set) -> noa::Status {
                if (set.key == "bad") {
                    return noa::invalid("/key: may not be bad");
                }
                return {};
            },
            [&](const Set& set) { taken.push_back(set.key); });
    };
    ASSERT_TRUE(agent.create());
    EXPECT_EQ(agent.configure(R"({"key":"bad","value":1})", false).text, "/key: may not be bad");
    EXPECT_FALSE(agent.configure("{}", false));
    EXPECT_TRUE(agent.configure(R"({"key":"good","value":1})", false));
    EXPECT_TRUE(taken.empty());
    EXPECT_TRUE(agent.configure(R"({"key":"good","value":1})", true));
    EXPECT_THAT(taken, ::testing::ElementsAre("good"));
}

TEST_F(JsonOperations, ReplaceWhatIsNotUtf8InAReply) {
    run([](TestAgent&, noa::Setup& setup) {
        setup.operation("bytes", [] { return noa::Json(std::string("\xff")); });
    });
    EXPECT_EQ(agent.call("bytes").body, "\"\uFFFD\"");
}

} // namespace
} // namespace noa::test
