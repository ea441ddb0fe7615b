// What a generation sends: checks at the door, buffers, events, kept messages.
#include <sys/resource.h>

#include <atomic>
#include <set>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

class OutboxTest : public BusTest {
protected:
    void SetUp() override {
        sender_.start();
        worker_.start();
    }
    // A buffer of `sender_`, filled.
    noa_buffer buffer_of(const std::string& body) { return buffer_of(sender_, body); }
    static noa_buffer buffer_of(Agent& agent, const std::string& body) {
        noa_buffer buffer{};
        buffer.struct_size = sizeof buffer;
        EXPECT_EQ(agent.lane().buffers().alloc(body.size(), buffer), NOA_OK);
        std::memcpy(buffer.data, body.data(), body.size());
        return buffer;
    }
    static noa_outgoing with_buffer(noa_outgoing message, const noa_buffer& buffer) {
        message.buffer = &buffer;
        message.buffer_used = buffer.capacity;
        return message;
    }
    Agent sender_{*bus_, "sender"};
    Agent worker_{*bus_, "worker"};
};

TEST_F(OutboxTest, what_breaks_its_contract_is_not_accepted) {
    auto& lane = sender_.lane();
    for (const auto* subject : {"", ".", "a.", "a b", "a.*", ">", "a..b"}) {
        EXPECT_EQ(sender_.send("worker", subject), NOA_E_INVALID) << subject;
    }
    EXPECT_EQ(sender_.send("worker", std::string(NOA_SUBJECT_MAX + 1, 'a')), NOA_E_TOO_LARGE);
    EXPECT_EQ(sender_.send("nobody", "op"), NOA_E_NO_AGENT);
    EXPECT_EQ(sender_.send("", "op"), NOA_E_NO_AGENT);
    auto message = outgoing("worker", "op");
    message.struct_size = 8;
    EXPECT_EQ(lane.send(message, nullptr), NOA_E_INVALID);
    message = outgoing("worker", "op");
    message.priority = 3;
    EXPECT_EQ(lane.send(message, nullptr), NOA_E_INVALID);
    const std::string longer(128, 'x');
    message = outgoing("worker", "op");
    message.content_type = to_str(longer);
    EXPECT_EQ(lane.send(message, nullptr), NOA_E_TOO_LARGE);
    message = outgoing("worker", "op");
    message.traceparent = to_str(longer);
    EXPECT_EQ(lane.send(message, nullptr), NOA_E_TOO_LARGE);
    message = outgoing("", "op");
    message.to = 4000;
    EXPECT_EQ(lane.send(message, nullptr), NOA_E_NO_AGENT);
    message.to = ~noa_address{0};
    EXPECT_EQ(lane.request(message, 1, nullptr), NOA_E_NO_AGENT);
    on_lane(worker_.lane(), [] {});
    EXPECT_EQ(worker_.script.mail.size(), 0U);
}

TEST_F(OutboxTest, an_address_may_be_resolved_before_its_agent_is_there) {
    const auto address = bus_->routes().resolve("later")->address();
    auto message = outgoing("", "op", "x");
    message.to = address;
    EXPECT_EQ(sender_.lane().send(message, nullptr), NOA_E_NO_AGENT);
    Agent later(*bus_, "later");
    later.start();
    EXPECT_EQ(sender_.lane().send(message, nullptr), NOA_OK);
    EXPECT_TRUE(later.script.mail.wait_for(1));
    later.stop();
    EXPECT_EQ(sender_.lane().send(message, nullptr), NOA_E_UNAVAILABLE);
}

TEST_F(OutboxTest, bodies_of_every_size_arrive_whole_up_to_the_limit) {
    std::size_t count = 0;
    for (const std::size_t size : {0U, 1U, 1023U, 1024U, 1025U, 16'383U, 65'536U, 1U << 20U}) {
        std::string body(size, '\0');
        for (std::size_t i = 0; i < size; ++i) {
            body[i] = static_cast<char>(i * 31);
        }
        ASSERT_EQ(sender_.request("worker", "op", size, body), NOA_OK);
        ASSERT_TRUE(worker_.script.mail.wait_for(++count));
        EXPECT_EQ(worker_.script.mail.at(count - 1).body, body) << size;
    }
    const std::string most(NOA_BODY_MAX, 'm'); // NOLINT(bugprone-string-constructor): the limit
    EXPECT_EQ(sender_.send("worker", "op", most), NOA_OK);
    EXPECT_EQ(sender_.send("worker", "op", most + "m"), NOA_E_TOO_LARGE);
    ASSERT_TRUE(worker_.script.mail.wait_for(++count));
    EXPECT_EQ(worker_.script.mail.at(count - 1).body.size(), most.size());
}

TEST_F(OutboxTest, large_answers_arrive_whole_from_handle_and_from_elsewhere) {
    const std::string big(200'000, 'b');
    worker_.script.on_message = [&](const noa_message& message, noa_delivery delivery,
                                    noa_error&) -> noa_status {
        const auto how = view(message.subject);
        if (how == "now") {
            return worker_.reply(delivery, big);
        }
        if (how == "early") {
            std::thread other([&] { EXPECT_EQ(worker_.reply(delivery, big), NOA_OK); });
            other.join();
        }
        return NOA_DEFERRED;
    };
    ASSERT_EQ(sender_.request("worker", "now", 1), NOA_OK);
    ASSERT_EQ(sender_.request("worker", "early", 2), NOA_OK);
    ASSERT_EQ(sender_.request("worker", "later", 3), NOA_OK);
    ASSERT_TRUE(worker_.script.mail.wait_for(3));
    on_lane(worker_.lane(), [] {});
    const auto buffer = buffer_of(worker_, big);
    EXPECT_EQ(worker_.lane().reply(worker_.script.mail.at(2).delivery,
                                   with_buffer(outgoing({}, {}), buffer)),
              NOA_OK);
    ASSERT_TRUE(sender_.script.answers.wait_for(3));
    for (const auto& answer : sender_.script.answers.all()) {
        EXPECT_EQ(answer.body, big) << answer.tag;
    }
}

TEST_F(OutboxTest, a_buffer_reaches_the_handler_without_a_copy) {
    const auto buffer = buffer_of(std::string(65'536, 'z'));
    ASSERT_EQ(sender_.lane().send(with_buffer(outgoing("worker", "op"), buffer), nullptr), NOA_OK);
    ASSERT_TRUE(worker_.script.mail.wait_for(1));
    EXPECT_EQ(worker_.script.mail.at(0).body_at, buffer.data);
    EXPECT_EQ(worker_.script.mail.at(0).body, std::string(65'536, 'z'));
    EXPECT_EQ(worker_.script.mail.at(0).subject, "op");
}

TEST_F(OutboxTest, a_buffer_that_was_refused_is_still_the_sender_s) {
    const auto buffer = buffer_of(std::string(5000, 'z'));
    auto message = with_buffer(outgoing("nobody", "op"), buffer);
    EXPECT_EQ(sender_.lane().send(message, nullptr), NOA_E_NO_AGENT);
    message.buffer_used = buffer.capacity + 1;
    EXPECT_EQ(sender_.lane().send(message, nullptr), NOA_E_INVALID);
    message = with_buffer(outgoing("worker", "op"), buffer);
    worker_.inbox().set_limit(0);
    EXPECT_EQ(sender_.lane().request(message, 1, nullptr), NOA_E_BUSY);
    worker_.inbox().set_limit(10);
    message.buffer_used = 7;
    ASSERT_EQ(sender_.lane().request(message, 1, nullptr), NOA_OK) << "may be used in part";
    ASSERT_TRUE(worker_.script.mail.wait_for(1));
    EXPECT_EQ(worker_.script.mail.at(0).body, "zzzzzzz");
    EXPECT_EQ(sender_.lane().buffers().count(), 0U);
}

TEST_F(OutboxTest, a_buffer_is_good_for_one_send_or_one_free_and_for_its_owner_only) {
    auto& buffers = sender_.lane().buffers();
    const auto send = [&](const noa_buffer& buffer) {
        return sender_.lane().send(with_buffer(outgoing("worker", "op"), buffer), nullptr);
    };
    const auto used = buffer_of(std::string(5000, 'u'));
    ASSERT_EQ(send(used), NOA_OK);
    EXPECT_EQ(send(used), NOA_E_INVALID) << "sent before";
    EXPECT_EQ(buffers.free(used.handle), NOA_E_INVALID);
    const auto freed = buffer_of(std::string(5000, 'f'));
    ASSERT_EQ(buffers.free(freed.handle), NOA_OK);
    EXPECT_EQ(buffers.free(freed.handle), NOA_E_INVALID) << "freed before";
    EXPECT_EQ(send(freed), NOA_E_INVALID);
    EXPECT_EQ(sender_.lane().publish(with_buffer(outgoing({}, "a.b"), freed), nullptr),
              NOA_E_INVALID);
    const auto next = buffer_of(std::string(5000, 'n')); // in the slot of the former ones
    EXPECT_EQ(send(used), NOA_E_INVALID);
    EXPECT_EQ(buffers.free(freed.handle), NOA_E_INVALID);
    for (const std::uint64_t forged : {std::uint64_t{0}, std::uint64_t{1}, next.handle + 1,
                                       next.handle ^ (std::uint64_t{1} << 40U),
                                       std::uint64_t{0x7fff'ffff'f000}, ~std::uint64_t{0}}) {
        auto buffer = next;
        buffer.handle = forged;
        EXPECT_EQ(send(buffer), NOA_E_INVALID) << forged;
        EXPECT_EQ(buffers.free(forged), NOA_E_INVALID) << forged;
    }
    const auto foreign = buffer_of(worker_, std::string(5000, 'w'));
    EXPECT_EQ(buffers.free(foreign.handle), NOA_E_INVALID) << "of another agent";
    EXPECT_EQ(worker_.lane().buffers().free(next.handle), NOA_E_INVALID);
    EXPECT_EQ(send(next), NOA_OK);
    EXPECT_EQ(worker_.lane().buffers().free(foreign.handle), NOA_OK);
    EXPECT_EQ(buffers.count(), 0U);
}

TEST_F(OutboxTest, what_a_plugin_says_of_its_buffer_is_not_believed) {
    auto buffer = buffer_of(std::string(5000, 'z'));
    char elsewhere = 'x';
    buffer.data = &elsewhere;
    buffer.capacity = std::uint64_t{1} << 40U;
    auto message = with_buffer(outgoing("worker", "op"), buffer);
    EXPECT_EQ(sender_.lane().send(message, nullptr), NOA_E_INVALID) << "more than it holds";
    message.buffer_used = 3;
    ASSERT_EQ(sender_.lane().send(message, nullptr), NOA_OK);
    ASSERT_TRUE(worker_.script.mail.wait_for(1));
    EXPECT_EQ(worker_.script.mail.at(0).body, "zzz");
}

TEST_F(OutboxTest, one_buffer_in_two_threads_is_sent_once) {
    for (int round = 0; round < 200; ++round) {
        const auto buffer = buffer_of(std::string(2000, 'z'));
        std::atomic<int> accepted{0};
        const auto send = [&] {
            const auto status =
                sender_.lane().send(with_buffer(outgoing("worker", "op"), buffer), nullptr);
            accepted += status == NOA_OK ? 1 : 0;
            EXPECT_TRUE(status == NOA_OK || status == NOA_E_INVALID) << status;
        };
        std::thread other(send);
        send();
        other.join();
        ASSERT_EQ(accepted, 1);
    }
    worker_.wait_until_empty();
    EXPECT_EQ(worker_.script.mail.size(), 200U);
}

TEST_F(OutboxTest, buffers_are_bounded_and_end_with_their_generation) {
    Buffers buffers;
    noa_buffer buffer{};
    buffer.struct_size = sizeof buffer;
    for (std::size_t i = 0; i < Buffers::limit; ++i) {
        ASSERT_EQ(buffers.alloc(1, buffer), NOA_OK);
    }
    EXPECT_EQ(buffers.alloc(1, buffer), NOA_E_BUSY);
    EXPECT_EQ(buffers.free(buffer.handle), NOA_OK);
    EXPECT_EQ(buffers.alloc(1, buffer), NOA_OK);
    EXPECT_EQ(buffers.count(), Buffers::limit); // the leak checker sees to the rest
}

TEST_F(OutboxTest, a_control_operation_may_come_in_a_buffer) {
    const auto buffer = buffer_of(std::string(5000, 'z'));
    ASSERT_EQ(sender_.lane().request(with_buffer(outgoing("worker", "health"), buffer), 1, nullptr),
              NOA_OK);
    ASSERT_TRUE(sender_.script.answers.wait_for(1));
    EXPECT_EQ(sender_.script.answers.at(0).body, "{}");
}

// Every subscriber keeps the message, so that equal addresses mean one body.
TEST_F(OutboxTest, a_large_event_is_shared_by_its_subscribers_and_a_small_one_copied) {
    constexpr std::size_t subscribers = 20;
    std::vector<std::unique_ptr<Agent>> agents;
    Gathered<std::pair<Lane*, const noa_message*>> kept;
    for (std::size_t i = 0; i < subscribers; ++i) {
        auto& agent =
            *agents.emplace_back(std::make_unique<Agent>(*bus_, "subscriber-" + std::to_string(i)));
        agent.script.on_message = [&kept, &agent](const noa_message& message, noa_delivery,
                                                  noa_error&) {
            const noa_message* copy = nullptr;
            EXPECT_EQ(agent.lane().retain(message, &copy), NOA_OK);
            kept.add({&agent.lane(), copy});
            return NOA_OK;
        };
        agent.start();
        agent.subscribe("news.*");
    }
    std::size_t count = 0;
    for (const std::size_t size : {10U, 1024U, 65'536U, 1U << 20U}) {
        const std::string body(size, 'n');
        auto receipt = empty_receipt();
        ASSERT_EQ(sender_.lane().publish(outgoing({}, "news.today", body), &receipt), NOA_OK);
        EXPECT_EQ(receipt.accepted, subscribers);
        EXPECT_EQ(receipt.refused, 0U);
        ASSERT_TRUE(kept.wait_for(count + subscribers));
        std::set<const void*> places;
        for (std::size_t i = count; i < count + subscribers; ++i) {
            const auto* message = kept.at(i).second;
            EXPECT_EQ(text_of(message->body), body);
            EXPECT_EQ(message->kind, NOA_MESSAGE_EVENT);
            EXPECT_EQ(view(message->subject), "news.today");
            EXPECT_EQ(message->to.size, 0U);
            places.insert(message->body.data);
        }
        EXPECT_EQ(places.size(), size > inline_body_limit ? 1 : subscribers) << size;
        count += subscribers;
    }
    for (const auto& [lane, message] : kept.all()) {
        EXPECT_EQ(lane->release(*message), NOA_OK);
        EXPECT_EQ(lane->release(*message), NOA_E_NOT_FOUND);
    }
}

TEST_F(OutboxTest, publishing_counts_who_accepted_and_who_refused) {
    auto receipt = empty_receipt();
    EXPECT_EQ(sender_.lane().publish(outgoing({}, "nobody.listens"), &receipt), NOA_OK);
    EXPECT_EQ(receipt.accepted + receipt.refused, 0U);
    Agent full(*bus_, "full");
    full.inbox().set_limit(0);
    full.start();
    full.subscribe("a.>");
    worker_.subscribe("a.>");
    EXPECT_EQ(sender_.lane().publish(outgoing({}, "a.b", "x"), &receipt), NOA_OK);
    EXPECT_EQ(receipt.accepted, 1U);
    EXPECT_EQ(receipt.refused, 1U);
    EXPECT_TRUE(worker_.script.mail.wait_for(1));
    EXPECT_EQ(sender_.lane().publish(outgoing({}, "a.*"), &receipt), NOA_E_INVALID);
}

TEST_F(OutboxTest, a_kept_message_is_whole_until_it_is_released) {
    std::vector<const noa_message*> kept;
    worker_.script.keeps_mail = true;
    worker_.script.on_message = [&](const noa_message& message, noa_delivery, noa_error&) {
        const noa_message* copy = nullptr;
        EXPECT_EQ(worker_.lane().retain(message, &copy), NOA_OK);
        kept.push_back(copy);
        return NOA_OK;
    };
    for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(sender_.send("worker", "op", "body " + std::to_string(i)), NOA_OK);
    }
    ASSERT_TRUE(worker_.script.mail.wait_for(300));
    on_lane(worker_.lane(), [&] {
        for (std::size_t i = 0; i < kept.size(); ++i) {
            EXPECT_EQ(text_of(kept[i]->body), "body " + std::to_string(i));
            EXPECT_EQ(view(kept[i]->from), "sender");
        }
    });
    EXPECT_EQ(worker_.lane().kept_messages(), 300U);
    const auto foreign = *kept[0];
    EXPECT_EQ(worker_.lane().release(foreign), NOA_E_NOT_FOUND);
    for (const auto* each : kept) {
        EXPECT_EQ(worker_.lane().release(*each), NOA_OK); // from any thread
    }
    EXPECT_EQ(worker_.lane().kept_messages(), 0U);
    const noa_message* copy = nullptr;
    EXPECT_EQ(worker_.lane().retain(foreign, &copy), NOA_E_STATE) << "not on the lane";
}

TEST_F(OutboxTest, a_limit_bounds_the_requests_that_wait) {
    LaneOptions options;
    options.max_requests = 3;
    Agent asker(*bus_, "asker", options);
    worker_.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    asker.start();
    for (std::uint64_t tag = 0; tag < 3; ++tag) {
        ASSERT_EQ(asker.request("worker", "op", tag), NOA_OK);
    }
    EXPECT_EQ(asker.request("worker", "op", 3), NOA_E_BUSY);
    ASSERT_TRUE(worker_.script.mail.wait_for(3));
    on_lane(worker_.lane(), [] {});
    ASSERT_EQ(worker_.reply(worker_.script.mail.at(0).delivery, {}), NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    EXPECT_EQ(asker.request("worker", "op", 3), NOA_OK);
}

TEST_F(OutboxTest, each_of_a_thousand_agents_gets_its_own) {
    constexpr std::size_t count = 1000;
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < 4 * count) {
        GTEST_SKIP() << "needs two descriptors an agent, the limit is " << files.rlim_max;
    }
    std::vector<Endpoint*> endpoints;
    for (std::size_t i = 0; i < count; ++i) {
        endpoints.push_back(bus_->routes().resolve("idle-" + std::to_string(i)));
        ASSERT_TRUE(bus_->open_inbox(*endpoints.back())) << i;
        endpoints.back()->inbox().set_state(Inbox::State::open);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto name = "idle-" + std::to_string(i);
        ASSERT_EQ(sender_.send(name, "op", name), NOA_OK);
    }
    EXPECT_EQ(sender_.send("idle-1000", "op"), NOA_E_NO_AGENT);
    for (auto* endpoint : endpoints) {
        EXPECT_EQ(endpoint->inbox().depth(), 1U);
        Item item;
        ASSERT_TRUE(endpoint->inbox().next(item));
        EXPECT_EQ(item.record->body_text(), endpoint->name());
    }
}

} // namespace
} // namespace noa::bus::testing
