#include "plugin/local_instance.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

#include "plugin/library.hpp"
#include "plugin/probe_host.hpp"
#include "support.hpp"

namespace noa::plugin {
namespace {

Library open(const std::string& name) {
    auto library = Library::open(test::broken(name));
    EXPECT_TRUE(library) << library.error().text();
    return std::move(*library);
}

Result<LocalInstance> create(const noa_plugin& table) {
    return LocalInstance::create(table, probe_host(), probe_context());
}

TEST(InstanceFixtures, AnErrorOfCreateIsTold) {
    const auto library = open("create_fails");
    const auto agent = create(library.table());
    ASSERT_FALSE(agent);
    EXPECT_EQ(agent.error().text(), "create agent: whole: no such device");
}

TEST(InstanceFixtures, ExceptionsOfCreateStopAtTheWall) {
    const auto with_int = open("create_throws_int");
    EXPECT_EQ(create(with_int.table()).error().reason,
              "exception: an exception that is no std::exception");
    const auto with_text = open("create_throws_exception");
    const auto agent = create(with_text.table());
    EXPECT_EQ(agent.error().reason, "exception: create is broken");
    EXPECT_EQ(agent.error().code, Errc::internal);
}

TEST(InstanceFixtures, CreateWithoutAnAgentIsADefect) {
    const auto library = open("create_gives_nothing");
    EXPECT_EQ(create(library.table()).error().reason, "it answered NOA_OK without an agent");
}

TEST(InstanceFixtures, ExceptionsOfConfigureAndStartStopAtTheWall) {
    const auto configured = open("configure_throws");
    auto first = create(configured.table());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->configure("{}", false).error().text(),
              "configure agent: whole: exception: configure is broken");
    const auto started = open("start_throws");
    auto second = create(started.table());
    ASSERT_TRUE(second);
    EXPECT_EQ(second->start().error().reason, "exception: an exception that is no std::exception");
}

TEST(InstanceFixtures, AnErrorOfStartKeepsItsCode) {
    const auto library = open("start_fails");
    auto agent = create(library.table());
    ASSERT_TRUE(agent);
    const auto started = agent->start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::busy);
    EXPECT_EQ(started.error().reason, "port 80 is taken");
}

TEST(InstanceFixtures, AnUnterminatedErrorIsCutAndMadeValid) {
    const auto library = open("error_unterminated");
    auto agent = create(library.table());
    ASSERT_TRUE(agent);
    const auto configured = agent->configure("{}", false);
    ASSERT_FALSE(configured);
    EXPECT_EQ(configured.error().code, Errc::invalid);
    EXPECT_EQ(configured.error().reason, std::string(NOA_ERROR_TEXT_BYTES - 4, 'x') + "???");
}

TEST(InstanceFixtures, AnExceptionOfHandleIsAnInternalError) {
    const auto library = open("handle_throws");
    auto agent = create(library.table());
    ASSERT_TRUE(agent);
    noa_message message{};
    message.struct_size = sizeof message;
    noa_error error{};
    EXPECT_EQ(agent->handle(message, 1, error), NOA_E_INTERNAL);
    EXPECT_EQ(error.code, NOA_E_INTERNAL);
    EXPECT_STREQ(error.text, "exception: handle is broken");
}

TEST(InstanceFixtures, AGoodOneLivesItsLife) {
    const auto library = open("good");
    auto agent = create(library.table());
    ASSERT_TRUE(agent);
    EXPECT_TRUE(agent->configure("{}", false));
    EXPECT_TRUE(agent->configure("{}", true));
    EXPECT_TRUE(agent->start());
    EXPECT_TRUE(agent->quiesce(0));
    EXPECT_EQ(agent->save(100)->schema(), 0U);
    EXPECT_EQ(*agent->ask(LocalInstance::Question::describe),
              R"({"operations":{"echo":{"summary":"answers"}}})");
    EXPECT_EQ(*agent->ask(LocalInstance::Question::health), "");
    EXPECT_EQ(agent->escaped(), 0U);
}

} // namespace
} // namespace noa::plugin

// A table whose functions the tests below choose one by one.
struct noa_agent {
    std::string saved = "state";
    std::string restored;
    std::uint32_t schema = 0;
    std::string text;
    int destroyed = 0;
    noa_status answer = NOA_OK;
};

namespace noa::plugin {
namespace {

noa_agent* the_agent = nullptr; // of the running test

noa_status write_text(noa_agent* agent, const noa_sink* sink, noa_error* /*error*/) {
    return sink->write(sink, agent->text.data(), agent->text.size());
}

noa_status write_ignoring(noa_agent* agent, const noa_sink* sink, noa_error* /*error*/) {
    sink->write(sink, nullptr, 0);
    sink->write(sink, agent->saved.data(), agent->saved.size());
    sink->write(sink, agent->saved.data(), agent->saved.size());
    return NOA_OK;
}

constexpr noa_inspect_plugin short_inspect{offsetof(noa_inspect_plugin, metrics), 0, write_text,
                                           write_text, write_text};
constexpr noa_inspect_plugin empty_inspect{0, 0, write_text, write_text, write_text};
constexpr noa_timer_plugin throwing_timer{sizeof(noa_timer_plugin), 0,
                                          [](noa_agent*, std::uint64_t) { throw 1; }};
constexpr noa_listener_plugin throwing_listener{
    sizeof(noa_listener_plugin), 0, [](noa_agent*, std::uint64_t, std::uint32_t) { throw 1; }};
constexpr noa_listener_plugin short_listener{offsetof(noa_listener_plugin, on_ready), 0,
                                             throwing_listener.on_ready};
constexpr noa_listener_plugin silent_listener{sizeof(noa_listener_plugin), 0, nullptr};

SavedState state_of(std::uint32_t schema, std::string_view text) {
    SavedState state(schema);
    state.append(std::as_bytes(std::span(text)));
    state.seal();
    return state;
}

class InstanceCalls : public testing::Test {
public:
    InstanceCalls() {
        the_agent = &agent_;
        table_.struct_size = sizeof table_;
        table_.id = "own";
        table_.version = "1";
        table_.create = [](const noa_host*, noa_context, noa_agent** ret_agent, noa_error*) {
            *ret_agent = the_agent;
            return NOA_OK;
        };
        table_.handle = [](noa_agent* agent, const noa_message*, noa_delivery, noa_error*) {
            return agent->answer;
        };
        table_.destroy = [](noa_agent* agent) { ++agent->destroyed; };
        table_.save = write_ignoring;
        table_.restore = [](noa_agent* agent, const noa_source* source, noa_error*) -> noa_status {
            agent->schema = source->schema;
            char piece[3];
            std::uint64_t got = 0;
            do {
                if (source->read(source, piece, sizeof piece, &got) != NOA_OK) {
                    return NOA_E_INTERNAL;
                }
                agent->restored.append(piece, got);
            } while (got != 0);
            return NOA_OK;
        };
        table_.state_schema = 3;
        table_.oldest_state_schema = 2;
    }
    ~InstanceCalls() override { the_agent = nullptr; }
    LocalInstance made() {
        auto made = create(table_);
        EXPECT_TRUE(made);
        return std::move(*made);
    }
    noa_agent agent_;
    noa_plugin table_{};
};

TEST_F(InstanceCalls, IsDestroyedOnceWhereverItMoves) {
    {
        LocalInstance first = made();
        LocalInstance second = std::move(first);
        first = std::move(second);
    }
    EXPECT_EQ(agent_.destroyed, 1);
}

TEST_F(InstanceCalls, FunctionsThatAreNotOfferedSucceed) {
    LocalInstance instance = made();
    EXPECT_TRUE(instance.configure("{}", true));
    EXPECT_TRUE(instance.start());
    EXPECT_TRUE(instance.quiesce(0));
    instance.confirm();
    instance.on_wake(1);
    instance.on_timer(1);
    instance.on_reply(1, NOA_OK, nullptr);
    EXPECT_EQ(instance.escaped(), 0U);
}

TEST_F(InstanceCalls, StateGoesAcross) {
    LocalInstance instance = made();
    const auto state = instance.save(100);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->schema(), 3U);
    EXPECT_EQ(state->size(), std::string_view("statestate").size());
    ASSERT_TRUE(instance.restore(*state));
    EXPECT_EQ(agent_.restored, "statestate");
    EXPECT_EQ(agent_.schema, 3U);
}

TEST_F(InstanceCalls, StateOverItsLimitFailsEvenWhenThePluginIgnoresIt) {
    LocalInstance instance = made();
    const auto state = instance.save(9);
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().reason, "size: wanted at most 9 bytes, found more");
}

TEST_F(InstanceCalls, StateThatThePluginCannotReadIsRefused) {
    LocalInstance instance = made();
    const auto old = instance.restore(state_of(1, "x"));
    EXPECT_EQ(old.error().code, Errc::refused);
    EXPECT_EQ(old.error().reason, "state schema: wanted at least 2, found 1");
    table_.restore = nullptr;
    EXPECT_EQ(instance.restore(state_of(3, "x")).error().code, Errc::refused);
    EXPECT_TRUE(instance.restore(SavedState{}));
    table_.restore = [](noa_agent*, const noa_source*, noa_error*) -> noa_status {
        return NOA_E_UNSUPPORTED;
    };
    EXPECT_EQ(instance.restore(state_of(9, "x")).error().code, Errc::refused);
}

TEST_F(InstanceCalls, VoidFunctionsThatThrowAreCounted) {
    table_.on_wake = [](noa_agent*, std::uint64_t) { throw std::runtime_error("no"); };
    table_.on_reply = [](noa_agent*, std::uint64_t, noa_status, const noa_message*) { throw 1; };
    table_.confirm = [](noa_agent*) { throw 1; };
    table_.extension = [](const char* id) -> const void* {
        return std::strcmp(id, NOA_TIMER_ID) == 0      ? static_cast<const void*>(&throwing_timer)
               : std::strcmp(id, NOA_LISTENER_ID) == 0 ? &throwing_listener
                                                       : nullptr;
    };
    LocalInstance instance = made();
    instance.on_wake(1);
    instance.on_reply(1, NOA_OK, nullptr);
    instance.confirm();
    instance.on_timer(1);
    EXPECT_TRUE(instance.has_on_ready());
    instance.on_ready(1, NOA_READY_READ);
    EXPECT_EQ(instance.escaped(), 5U);
}

TEST_F(InstanceCalls, OnReadyIsOfferedByWhoeverHasIt) {
    EXPECT_FALSE(made().has_on_ready());
    for (const auto* listener : {&short_listener, &silent_listener}) {
        static const noa_listener_plugin* offered = nullptr;
        offered = listener;
        table_.extension = [](const char* id) -> const void* {
            return std::strcmp(id, NOA_LISTENER_ID) == 0 ? offered : nullptr;
        };
        LocalInstance instance = made();
        EXPECT_FALSE(instance.has_on_ready());
        instance.on_ready(1, NOA_READY_READ);
        EXPECT_EQ(instance.escaped(), 0U);
    }
}

TEST(ProbeHost, OffersFactsOfAProbeAndNoSockets) {
    const auto* agent =
        static_cast<const noa_agent_host*>(probe_host().extension(probe_context(), NOA_AGENT_ID));
    ASSERT_NE(agent, nullptr);
    noa_agent_facts facts{};
    EXPECT_EQ(agent->facts(probe_context(), &facts), NOA_E_INVALID);
    facts.struct_size = sizeof facts + 100;
    ASSERT_EQ(agent->facts(probe_context(), &facts), NOA_OK);
    EXPECT_EQ(facts.struct_size, sizeof facts);
    EXPECT_EQ(facts.generation, 0U);
    EXPECT_EQ(std::string_view(facts.name.data, facts.name.size), "probe");
    const auto* listener = static_cast<const noa_listener_host*>(
        probe_host().extension(probe_context(), NOA_LISTENER_ID));
    ASSERT_NE(listener, nullptr);
    std::int32_t fd = -1;
    EXPECT_EQ(listener->listen(probe_context(), {}, nullptr, &fd, nullptr), NOA_E_STATE);
    EXPECT_EQ(probe_host().extension(probe_context(), "noa.unknown/1"), nullptr);
    EXPECT_EQ(probe_host().extension(probe_context(), nullptr), nullptr);
}

TEST_F(InstanceCalls, ShortExtensionsOfferOnlyWhatTheyHold) {
    table_.extension = [](const char* id) -> const void* {
        return std::strcmp(id, NOA_INSPECT_ID) == 0 ? &short_inspect : nullptr;
    };
    agent_.text = R"({"status":"healthy"})";
    LocalInstance instance = made();
    EXPECT_EQ(*instance.ask(LocalInstance::Question::health), agent_.text);
    EXPECT_EQ(*instance.ask(LocalInstance::Question::metrics), "");
    EXPECT_EQ(*instance.ask(LocalInstance::Question::describe), "");
}

TEST_F(InstanceCalls, ExtensionsOfNoSizeOrThatThrowAreNotOffered) {
    table_.extension = [](const char*) -> const void* { return &empty_inspect; };
    EXPECT_EQ(*made().ask(LocalInstance::Question::health), "");
    table_.extension = [](const char*) -> const void* { throw 1; };
    EXPECT_EQ(*made().ask(LocalInstance::Question::health), "");
    table_.extension = [](const char*) -> const void* { throw 1; };
    table_.struct_size = offsetof(noa_plugin, extension);
    EXPECT_EQ(*made().ask(LocalInstance::Question::health), "");
}

TEST_F(InstanceCalls, AnswersThatAreNoJsonObjectAreRefused) {
    table_.extension = [](const char* id) -> const void* {
        return std::strcmp(id, NOA_INSPECT_ID) == 0 ? &short_inspect : nullptr;
    };
    LocalInstance instance = made();
    for (const auto& text : {std::string("{"), std::string("[]"), std::string("\"\xff\""),
                             std::string(100'000, '['), std::string(2'000'000, ' ')}) {
        agent_.text = text;
        EXPECT_FALSE(instance.ask(LocalInstance::Question::health));
    }
}

TEST_F(InstanceCalls, HandlePassesAnswersOnAndFillsErrors) {
    LocalInstance instance = made();
    noa_message message{};
    noa_error error{};
    EXPECT_EQ(instance.handle(message, 1, error), NOA_OK);
    agent_.answer = NOA_DEFERRED;
    EXPECT_EQ(instance.handle(message, 1, error), NOA_DEFERRED);
    agent_.answer = NOA_E_DENIED;
    EXPECT_EQ(instance.handle(message, 1, error), NOA_E_DENIED);
    EXPECT_STREQ(error.text, "handle: not permitted (status -11)");
    agent_.answer = 77;
    EXPECT_EQ(instance.handle(message, 1, error), NOA_E_INTERNAL);
    EXPECT_STREQ(error.text, "handle: a status that this host does not know (status 77)");
    EXPECT_EQ(error.code, NOA_E_INTERNAL);
}

} // namespace
} // namespace noa::plugin
