#include <gmock/gmock.h>

#include "control/host_verbs.hpp"
#include "control_fixture.hpp"

namespace noa::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class FakeSubscription : public bus::Subscription {
public:
    explicit FakeSubscription(bus::OnEvent& slot) : slot_(slot) {}
    ~FakeSubscription() override { slot_ = nullptr; }

private:
    bus::OnEvent& slot_;
};

class FakeCaller : public bus::Caller {
public:
    Result<bus::Reply> call(std::string_view agent, std::string_view operation,
                            std::string_view body, std::chrono::milliseconds timeout,
                            std::string_view traceparent) override {
        const std::lock_guard lock(mutex);
        last_traceparent = traceparent;
        last_timeout = timeout;
        last_body = body;
        const auto found = replies.find(std::string(agent) + " " + std::string(operation));
        if (found == replies.end()) {
            return fail(Errc::not_found, "call", std::string(agent), "no such agent");
        }
        return found->second;
    }
    Result<void> send(std::string_view, std::string_view, std::string_view body) override {
        last_body = body;
        return {};
    }
    Result<std::uint32_t> publish(std::string_view, std::string_view body) override {
        last_body = body;
        return 3;
    }
    Result<std::unique_ptr<bus::Subscription>> subscribe(std::string_view,
                                                         bus::OnEvent function) override {
        on_event = std::move(function);
        return std::make_unique<FakeSubscription>(on_event);
    }

    std::mutex mutex;
    std::map<std::string, bus::Reply> replies;
    std::chrono::milliseconds last_timeout{};
    std::string last_body;
    std::string last_traceparent;
    bus::OnEvent on_event;
};

class BusVerbs : public testing::Test {
protected:
    BusVerbs() {
        add_bus_verbs(verbs_, caller_);
        add_inspect_verbs(
            verbs_, caller_, [this] { return running_; },
            [](const std::string&, json answer) { return answer; },
            [](const std::vector<std::string>&) { return json::object(); });
    }
    Answer ask(const std::string& verb, const json& args) {
        served_.client.ask(verb, args);
        return served_.client.next();
    }

    FakeCaller caller_;
    std::vector<std::string> running_{"cache", "clock"};
    Verbs verbs_;
    Log log_{LogFormat::json, false};
    Served served_{verbs_, this_peer(), AccessPolicy::of_this_process(""), log_};
};

TEST_F(BusVerbs, CallGivesTheReply) {
    caller_.replies["cache get"] = {NOA_OK, "application/json", R"({"value":1})"};
    const auto answer =
        ask("call", {{"agent", "cache"}, {"operation", "get"}, {"body", "{}"}, {"timeout_ms", 70}});
    EXPECT_EQ(answer.kind, AnswerKind::ok);
    EXPECT_EQ(answer.value, (json{{"status", 0},
                                  {"status_name", "ok"},
                                  {"content_type", "application/json"},
                                  {"body", R"({"value":1})"}}));
    EXPECT_EQ(caller_.last_timeout, std::chrono::milliseconds(70));
    EXPECT_EQ(caller_.last_body, "{}");
}

TEST_F(BusVerbs, AnAgentsErrorIsAReplyWithItsStatus) {
    caller_.replies["cache get"] = {NOA_E_NOT_FOUND, "", "no such key"};
    const auto answer = ask("call", {{"agent", "cache"}, {"operation", "get"}});
    EXPECT_EQ(answer.kind, AnswerKind::ok);
    EXPECT_EQ(answer.value["status_name"], "not_found");
    EXPECT_EQ(answer.value["body"], "no such key");
}

TEST_F(BusVerbs, BytesTravelBothWays) {
    caller_.replies["cache get"] = {NOA_OK, "", std::string("\xff\x00z", 3)};
    json args{{"agent", "cache"}, {"operation", "get"}};
    put_body(args, std::string("\x80\x00", 2));
    const auto answer = ask("call", args);
    EXPECT_EQ(get_body(answer.value), std::string("\xff\x00z", 3));
    EXPECT_EQ(caller_.last_body, std::string("\x80\x00", 2));
}

TEST_F(BusVerbs, NamesAreCheckedBeforeTheBusSeesThem) {
    for (const json& args : {json{{"agent", "A"}, {"operation", "get"}},
                             json{{"agent", "cache"}, {"operation", "a..b"}},
                             json{{"agent", "cache"}, {"operation", "a.*"}},
                             json{{"agent", "cache"}}, json{{"operation", "get"}}}) {
        EXPECT_EQ(ask("call", args).value["code"], "invalid") << args;
        EXPECT_EQ(ask("send", args).value["code"], "invalid") << args;
    }
    EXPECT_EQ(ask("publish", {{"subject", "a.>"}}).value["code"], "invalid");
    EXPECT_EQ(ask("subscribe", {{"pattern", "a.>.b"}}).value["code"], "invalid");
}

TEST_F(BusVerbs, PublishTellsHowManyTookIt) {
    EXPECT_EQ(ask("publish", {{"subject", "a.b"}, {"body", "1"}}).value, (json{{"accepted", 3}}));
    EXPECT_EQ(caller_.last_body, "1");
}

TEST_F(BusVerbs, SubscribeStreamsUntilTheClientGoesOn) {
    served_.client.ask("subscribe", {{"pattern", "a.>"}});
    EXPECT_EQ(served_.client.next().value, (json{{"subscribed", "a.>"}}));
    bus::Event event;
    event.subject = "a.b";
    event.from = "clock";
    event.body = "\xff";
    EXPECT_TRUE(caller_.on_event(event));
    const auto first = served_.client.next();
    EXPECT_EQ(first.kind, AnswerKind::event);
    EXPECT_EQ(first.value["subject"], "a.b");
    EXPECT_EQ(first.value["from"], "clock");
    EXPECT_EQ(get_body(first.value), "\xff");
    served_.client.ask("publish", {{"subject", "x"}});
    EXPECT_EQ(served_.client.next().value, json::object());
    served_.client.next();
    EXPECT_FALSE(caller_.on_event) << "the subscription was ended";
}

TEST_F(BusVerbs, DescribeAsksOneOrAll) {
    caller_.replies["cache describe"] = {NOA_OK, "", R"({"operations":{"get":{}}})"};
    caller_.replies["clock describe"] = {NOA_OK, "", "not json"};
    auto answer = ask("describe", json::object());
    EXPECT_TRUE(answer.value["agents"]["cache"]["operations"].contains("get"));
    EXPECT_EQ(answer.value["agents"]["clock"]["error"]["code"], "invalid");
    answer = ask("describe", {{"agents", {"clock"}}});
    EXPECT_EQ(answer.kind, AnswerKind::error);
    EXPECT_EQ(ask("describe", {{"agents", {"nobody"}}}).value["code"], "not_found");
}

TEST_F(BusVerbs, HealthIsTheWorstOfAll) {
    caller_.replies["cache health"] = {NOA_OK, "", R"({"status":"healthy"})"};
    caller_.replies["clock health"] = {NOA_OK, "", R"({"status":"needs_repair","checks":[]})"};
    EXPECT_EQ(ask("health", json::object()).value["status"], "needs_repair");
    running_.push_back("gone");
    const auto answer = ask("health", json::object());
    EXPECT_EQ(answer.value["status"], "critical");
    EXPECT_EQ(answer.value["agents"]["gone"]["status"], "critical");
    EXPECT_EQ(answer.value["agents"]["cache"]["status"], "healthy");
}

TEST_F(BusVerbs, HealthAsksMoreAgentsThanItHasThreads) {
    running_.clear();
    for (int i = 0; i < 100; ++i) {
        running_.push_back("agent-" + std::to_string(i));
        caller_.replies[running_.back() + " health"] = {NOA_OK, "", R"({"status":"healthy"})"};
    }
    const auto answer = ask("health", json::object());
    EXPECT_EQ(answer.value["status"], "healthy");
    EXPECT_EQ(answer.value["agents"].size(), 100U);
}

TEST_F(BusVerbs, CompleteKnowsAgentsAndTheirOperations) {
    caller_.replies["cache describe"] = {NOA_OK, "", R"({"operations":{"get":{},"set":{}}})"};
    EXPECT_EQ(ask("complete", {{"what", "agents"}}).value["words"], json(running_));
    EXPECT_EQ(ask("complete", {{"what", "operations"}, {"agent", "cache"}}).value["words"],
              (json{"get", "set"}));
    EXPECT_EQ(ask("complete", {{"what", "operations"}, {"agent", "clock"}}).value["words"],
              json::array());
    EXPECT_EQ(ask("complete", {{"what", "files"}}).value["code"], "invalid");
}

} // namespace
} // namespace noa::control
